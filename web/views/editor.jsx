// The YAML editor: CodeMirror with line numbers, undo, search, and problems at their lines. The Tab key leaves it.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, class: "y-key" },
  { tag: [tags.number, tags.bool, tags.null], class: "y-number" },
  { tag: tags.comment, class: "muted" },
]);

// `problems`: [{line, message, tone}]; a line of null belongs to the text as a whole and is shown beside the editor.
export default function Editor({ value, onChange, problems = [], label, readOnly = false }) {
  const place = useRef(null);
  const view = useRef(null);
  const latest = useRef(onChange);
  const locked = useRef(new Compartment());
  latest.current = onChange;
  useEffect(() => {
    view.current = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSelectionMatches(),
          indentOnInput(),
          bracketMatching(),
          search({ top: true }),
          indentUnit.of("  "),
          yaml(),
          syntaxHighlighting(COLOURS),
          keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          locked.current.of(EditorState.readOnly.of(readOnly)),
          EditorView.updateListener.of((update) => update.docChanged && latest.current?.(update.state.doc.toString())),
        ],
      }),
    });
    return () => view.current.destroy();
  }, []);
  useEffect(() => {
    view.current.dispatch({ effects: locked.current.reconfigure(EditorState.readOnly.of(readOnly)) });
  }, [readOnly]);
  useEffect(() => {
    const { state } = view.current;
    const now = state.doc.toString();
    if (now === value) return;
    let from = 0;
    while (from < now.length && from < value.length && now[from] === value[from]) from += 1;
    let cut = 0;
    while (cut < now.length - from && cut < value.length - from && now[now.length - 1 - cut] === value[value.length - 1 - cut]) cut += 1;
    view.current.dispatch({ changes: { from, to: now.length - cut, insert: value.slice(from, value.length - cut) } });
  }, [value]);
  const key = JSON.stringify(problems);
  useEffect(() => {
    const { doc } = view.current.state;
    const marks = problems
      .filter(({ line }) => line)
      .map(({ line, message, tone }) => {
        const found = doc.line(Math.min(line, doc.lines));
        return { from: found.from, to: found.to, severity: tone === "amber" ? "warning" : "error", message };
      });
    view.current.dispatch(setDiagnostics(view.current.state, marks));
  }, [key, value]);
  return <div className="editor" ref={place} />;
}
