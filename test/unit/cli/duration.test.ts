import { formatDuration } from "../../../cli/duration";

test.each([
  [0, "0.0s"],
  [-5, "0.0s"],
  [140, "0.1s"],
  [9_940, "9.9s"],
  [9_960, "10s"],
  [59_400, "59s"],
  [59_600, "1m00s"],
  [192_000, "3m12s"],
  [3_599_400, "59m59s"],
  [3_599_600, "1h00m"],
  [5_400_000, "1h30m"],
])("%d ms reads as %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
