import { untilNoneLeft } from "../../../providers/guard";
import { parseTakenUp, type TakenUp, tailscaleObjectsGuard } from "../../../providers/tailscale/objects-guard";

const SINCE = "2026-01-02T03:04:05Z";
const quick = { limit: 0.2, grace: 0, pause: 0.01 };
const patient = { limit: 60, grace: 60, pause: 0.01 };

const web: TakenUp = { kind: "ingress", metadata: { name: "web", namespace: "shop" } };
const office: TakenUp = { kind: "connector", metadata: { name: "office" } };
const going = (object: TakenUp): TakenUp => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: SINCE },
});

test("the script's lines are read, those of objects without a namespace too", () => {
  expect(parseTakenUp(`Ingress|shop|web|\nConnector||office|${SINCE}\n`)).toEqual([web, going(office)]);
  expect(parseTakenUp("")).toEqual([]);
});

test("the operator may go when the last object has gone", async () => {
  const seen = [[going(web), going(office)], [going(office)], []];
  await untilNoneLeft(tailscaleObjectsGuard, "cp1", async () => seen.shift() ?? [], patient);
  expect(seen).toEqual([]);
});

test("objects that are not being deleted are named, each with the command that does it", async () => {
  await expect(untilNoneLeft(tailscaleObjectsGuard, "cp1", async () => [web, office], quick)).rejects.toThrow(
    /^cp1: waiting until no object needs Tailscale's operator failed: the operator has taken up, and alone can let go: ingress shop\/web, connector office\. Delete them while it runs, .*: kubectl -n shop delete ingress web; kubectl delete connector office\. Then run the same command again$/,
  );
});

test("of objects that are being deleted and don't go, it is said where the reason is, and how they are let go by hand", async () => {
  const waited = untilNoneLeft(tailscaleObjectsGuard, "cp1", async () => [going(web)], { ...patient, limit: 0.05 });
  await expect(waited).rejects.toThrow(
    /kubectl -n tailscale logs deployment\/operator says why.*kubectl -n shop patch ingress web --type merge -p '\{"metadata":\{"finalizers":null\}\}'/,
  );
});
