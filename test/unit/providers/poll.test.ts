import { poll } from "../../../providers/poll";

const everySeconds = 0.001;

test("asks until there is an answer", async () => {
  const answers = [undefined, undefined, "here", "later"];
  expect(await poll(async () => answers.shift(), { everySeconds })).toBe("here");
});

test("asks at least once, and has no answer where the time is over", async () => {
  const ask = jest.fn(async () => undefined);
  expect(await poll(ask, { limitSeconds: 0, everySeconds: 0.01 })).toBeUndefined();
  expect(ask).toHaveBeenCalled();
});

test("ends with the signal's reason, in the middle of a pause too", async () => {
  const stop = new AbortController();
  const ask = jest.fn(async () => undefined);
  const polling = poll(ask, { everySeconds: 60, signal: stop.signal });
  setTimeout(() => stop.abort(new Error("stopped")), 10);
  await expect(polling).rejects.toThrow("stopped");
  expect(ask).toHaveBeenCalledTimes(1);
});

test("ends with the error of what it asks", async () => {
  await expect(poll(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});
