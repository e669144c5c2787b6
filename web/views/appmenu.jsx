// The filter by application. There may be thousands: the control plane finds those whose name has the words.
import { useState } from "react";
import { FacetMenu } from "./filterbar.jsx";
import { useAnswer } from "./live.js";

export function ApplicationMenu({ selected, onChange }) {
  const [wanted, setWanted] = useState(false);
  const [text, setText] = useState("");
  const { data } = useAnswer("jump", { search: text }, { enabled: wanted });
  const names = data && [...new Set(data.applications.nodes.filter(({ metadata }) => metadata.kind !== "ApplicationSet").map(({ metadata }) => metadata.name))];
  return <FacetMenu facet={{ key: "application", label: "Application" }} choices={names?.map((value) => ({ value, count: null }))} selected={selected} onChange={onChange} onWanted={setWanted} onFind={setText} />;
}
