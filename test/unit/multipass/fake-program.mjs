// `multipass` for the unit tests: keeps VMs in a file, logs how it was called, and fails on what it does not know. What it shall do
// otherwise is in the file, as `script`. It follows the real program in exit codes, messages and JSON.
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const dir = process.env.FAKE_MULTIPASS_DIR;
const args = process.argv.slice(2);
const stateFile = join(dir, "state.json");
const state = JSON.parse(readFileSync(stateFile, "utf8"));
// Whole or not at all: several of this run side by side.
const save = () => {
  writeFileSync(`${stateFile}.${process.pid}`, JSON.stringify(state));
  renameSync(`${stateFile}.${process.pid}`, stateFile);
};
const [command, ...rest] = args;
const stdin = command === "launch" ? readFileSync(0, "utf8") : "";
appendFileSync(join(dir, "calls.jsonl"), `${JSON.stringify({ args, stdin, at: Date.now() })}\n`);

function end(code, stderr = "", stdout = "") {
  save();
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
  throw end;
}

/** What the test wants of this command instead of, or beside, what it would do. */
const scripted = (state.script[command] ?? []).shift();
const missing = (name) => end(2, `${command} failed: instance "${name}" does not exist\n`);

function options(words, known, flags = []) {
  const found = { _: [] };
  for (let i = 0; i < words.length; i++) {
    if (flags.includes(words[i])) found[words[i]] = true;
    else if (known.includes(words[i])) (found[words[i]] ??= []).push(words[++i]);
    else if (words[i].startsWith("-")) end(1, `Unknown option '${words[i].replace(/^-+/, "")}'.\n`);
    else found._.push(words[i]);
  }
  return found;
}

const commands = {
  info() {
    const {
      _: [name],
      "--format": format,
    } = options(rest, ["--format"]);
    if (format?.[0] !== "json") end(1, "the tests read JSON\n");
    const vm = state.vms[name];
    if (!vm) missing(name);
    const seen = { state: vm.states?.length ? vm.states.shift() : vm.state };
    const running = seen.state === "Running";
    const details = {
      ...seen,
      ipv4: running ? vm.ipv4 : [],
      cpu_count: running ? String(vm.cpus) : "",
      memory: {},
      disks: { sda1: {} },
    };
    end(0, "", JSON.stringify({ errors: [], info: { [name]: details } }));
  },
  launch() {
    const known = ["--name", "--cpus", "--memory", "--disk", "--network", "--timeout", "--cloud-init"];
    const found = options(rest, known);
    const name = found["--name"][0];
    if (state.vms[name]) end(2, `launch failed: instance "${name}" already exists\n`);
    if (found["--cloud-init"][0] !== "-") end(1, "the tests' user-data comes by standard input\n");
    const record = /\{"incarnation".*\}/.exec(stdin)?.[0] ?? "";
    const hostKey = /ed25519_public: \|\s+(\S+ \S+)/.exec(stdin)?.[1] ?? "";
    const cpus = Number(found["--cpus"][0]);
    state.vms[name] = { state: "Running", ipv4: ["127.0.0.1"], cpus, hostKey, record, ...scripted?.vm };
    if (scripted?.waitMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, scripted.waitMs);
  },
  get() {
    if (rest[0] !== "local.driver") end(1, `Unrecognized settings key: '${rest[0]}'\n`);
    if (!scripted?.exit) end(0, "", `${scripted?.stdout ?? "qemu"}\n`);
  },
  start() {
    const vm = state.vms[rest[0]] ?? missing(rest[0]);
    vm.state = "Running";
    if (vm.nextIpv4) [vm.ipv4, vm.nextIpv4] = [vm.nextIpv4, undefined];
  },
  stop() {
    (state.vms[rest[0]] ?? missing(rest[0])).state = "Stopped";
  },
  set() {
    const [, name, property, value] =
      /^local\.(.+)\.(cpus|memory|disk)=(.+)$/.exec(rest[0]) ?? end(1, `Unrecognized settings key: '${rest[0]}'\n`);
    const vm = state.vms[name] ?? missing(name);
    if (vm.state !== "Stopped")
      end(
        2,
        `set failed: Cannot update instance settings; instance: ${name}; reason: Instance must be stopped for modification\n`,
      );
    vm[property] = property === "cpus" ? Number(value) : value;
  },
  delete() {
    const {
      _: [name],
      "--purge": purge,
    } = options(rest, [], ["--purge"]);
    const vm = state.vms[name] ?? missing(name);
    if (purge) delete state.vms[name];
    else vm.state = "Deleted";
  },
  exec() {
    const [name, dashes, ...program] = rest;
    if (dashes !== "--") end(1, "the tests put -- before a command\n");
    const vm = state.vms[name] ?? missing(name);
    if (vm.state !== "Running") end(1, "the tests look into running VMs alone: Multipass would start this one\n");
    if (program[1] === "cat" && program.length === 4) {
      const [sudo, , key, record] = program;
      // As cloud-init leaves it: root alone reads the host key.
      if (sudo !== "sudo") end(1, `cat: ${key}: Permission denied\n`, vm.record ?? "");
      if (key !== "/etc/ssh/ssh_host_ed25519_key.pub" || record !== "/etc/homelab/vm.json") end(1, "", "");
      if (vm.hostKey) process.stdout.write(`${vm.hostKey} root@${name}\n`);
      if (vm.record) end(0, "", `${vm.record}\n`);
      end(1, `cat: ${record}: No such file or directory\n`);
    }
    if (program[0] === "sudo" && program[1] === "bash") end(0);
    if (program.join(" ") === "hostname -I") {
      if (vm.inside === null) end(255, "exec failed: ssh connection failed\n");
      end(0, "", `${(vm.inside ?? vm.ipv4).join(" ")} \n`);
    }
    end(127, `${program[0]}: command not found\n`);
  },
};

try {
  if (scripted?.exit !== undefined && !scripted.vm) end(scripted.exit, scripted.stderr);
  if (!Object.hasOwn(commands, command)) end(1, `Unknown command '${command}'.\n`);
  commands[command]();
  end(scripted?.exit ?? 0, scripted?.stderr);
} catch (error) {
  if (error !== end) throw error;
}
