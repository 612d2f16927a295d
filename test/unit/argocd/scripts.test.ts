import { applicationScript, applicationsScript, refreshScript } from "../../../providers/argocd/kubectl";
import { HOSTILE, testGolden } from "../../harness/golden";

const scripts = {
  "applications.sh": applicationsScript(),
  "application.sh": applicationScript("argocd", "root"),
  "application-hostile.sh": applicationScript(HOSTILE, HOSTILE),
  "refresh.sh": refreshScript("argocd", "root"),
};
// SC2016: hostile values must not expand.
testGolden("argocd", scripts, { except: ["SC2016"] });
