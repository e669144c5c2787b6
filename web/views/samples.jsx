// What only shows when something is done, for the style page: dialogs, toasts, the editor.
import { useState } from "react";
import { Dialog, GuardedButton, Words } from "./dialog.jsx";
import { later } from "./later.jsx";
import { toast } from "./toast.jsx";

const Editor = later(() => import("./editor.jsx").then((module) => module.default));
const TEXT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  REPLICAS: three\n";
const PROBLEMS = [{ line: 6, message: "REPLICAS is not a number", tone: "error" }];

const DIALOGS = {
  plain: { title: "Sync checkout", submit: "Sync", words: "Applies 3 objects of main 3f2a91c to eu-1 / shop." },
  danger: { title: "Delete checkout", submit: "Commit and delete", danger: true, off: "Type checkout first", words: "Removes applications/checkout.yaml from platform, branch main." },
  refused: { title: "Sync checkout", submit: "Sync", problem: { message: "You may not push to platform.", suggestion: "Ask for write access on the Git host.", id: "01JD5R7K" }, words: "Applies 3 objects of main 3f2a91c to eu-1 / shop." },
  busy: { title: "Sync checkout", submit: "Sync", busy: true, words: "Applies 3 objects of main 3f2a91c to eu-1 / shop." },
};

export function DialogSamples() {
  const [shown, setShown] = useState(null);
  const [typed, setTyped] = useState("");
  const { words, ...sample } = DIALOGS[shown] ?? {};
  return (
    <>
      {Object.keys(DIALOGS).map((key) => (
        <button key={key} type="button" className="button" onClick={() => setShown(key)}>
          Dialog, {key}
        </button>
      ))}
      <GuardedButton off="You may not push to platform">Off, with its reason</GuardedButton>
      {shown && (
        <Dialog {...sample} onClose={() => setShown(null)} onSubmit={() => setShown(null)}>
          <p className="will">{words}</p>
          {sample.danger && <Words label="Type checkout to confirm" value={typed} onChange={setTyped} hint="A hint stands below its field." />}
        </Dialog>
      )}
    </>
  );
}

export function ToastSamples({ commit }) {
  return (
    <>
      <button type="button" className="button" onClick={() => toast({ text: "Syncing checkout", commit })}>
        Toast with a commit
      </button>
      <button type="button" className="button" onClick={() => toast({ text: "Offered as a pull request", link: { href: "https://git.example/platform/pulls/7", text: "#7" }, tone: "blue" })}>
        Toast with a link
      </button>
    </>
  );
}

export function EditorSamples() {
  const [text, setText] = useState(TEXT);
  return (
    <>
      <Editor value={text} onChange={setText} problems={text === TEXT ? PROBLEMS : []} label="A manifest with a problem" />
      <Editor value={TEXT} problems={[]} label="A manifest to look at" readOnly />
    </>
  );
}
