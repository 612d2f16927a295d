const path = require("node:path");
const Sequencer = require("@jest/test-sequencer").default;

/**
 * Files on machines in the order of the minutes that they take on two cores: a long one that begins last has one core idle
 * until it ends. Others follow in jest's own order.
 */
const LONGEST = ["gitops", "lab", "metal", "changes", "local", "helm-pending"].map((name) => `cluster/${name}`);

module.exports = class extends Sequencer {
  sort(tests) {
    const rank = ({ path: file }) => {
      const name = path.relative(path.join(__dirname, ".."), file).replace(/\.test\.ts$/, "");
      const place = LONGEST.indexOf(name);
      return place < 0 ? LONGEST.length : place;
    };
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
};
