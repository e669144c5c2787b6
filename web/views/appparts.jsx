// Parts that rows and cards of applications share: star, type, menu.
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { KINDS } from "./filters.js";
import { announce, Icon } from "./kit.jsx";
import { later } from "./later.jsx";
import { ask } from "./live.js";
import { Menu } from "./menu.jsx";
import { placeOf } from "./place.js";

const DeleteDialog = later(() => import("./deleting.jsx").then((module) => module.DeleteDialog), null);

export function Star({ row }) {
  const [on, setOn] = useState(Boolean(row.metadata.favorite));
  useEffect(() => setOn(Boolean(row.metadata.favorite)), [row.metadata.favorite]);
  const toggle = async () => {
    setOn(!on);
    try {
      await ask("set_favorite", { id: row.id, favorite: !on });
    } catch {
      setOn(on);
      announce("The favourite could not be kept");
    }
  };
  return (
    <button type="button" className="star above" aria-pressed={on} aria-label={`Favourite ${row.metadata.name}`} onClick={toggle}>
      <Icon name="star" filled={on} />
    </button>
  );
}

// The project that everything is in by default would say nothing.
const tagOf = ({ kind, project }) => (kind !== "APPLICATION" ? KINDS[kind] : project === "default" ? null : project);

export const Tag = ({ row }) => tagOf(row) && <span className="muted aside">{tagOf(row)}</span>;

// The words of one mutation on an application: what was refused, or null.
export async function operate(document, field, { runtime, namespace, name }, variables = {}) {
  try {
    const { [field]: payload } = await ask(document, { runtime, namespace, name, ...variables });
    return payload.errors[0] ?? null;
  } catch (failure) {
    return { message: failure.message };
  }
}

export const isSet = ({ kind }) => kind === "APPLICATION_SET";

// Nothing can be done to many ApplicationSets at once, so none is chosen.
export const Choose = ({ row, chosen, onChoose }) => (
  <input
    type="checkbox"
    className="above"
    aria-label={`Choose ${row.metadata.name}`}
    disabled={isSet(row)}
    title={isSet(row) ? "An ApplicationSet is not synced: choose its applications" : undefined}
    checked={chosen}
    onChange={() => onChoose([row], !chosen)}
  />
);

export const RowMenu = ({ row }) => (isSet(row) ? <SetMenu row={row} /> : <ApplicationMenu row={row} />);

const RowDeeds = ({ row, children }) => (
  <Menu label={`More about ${row.metadata.name}`} icon="more" className="above" look="quiet">
    {children}
  </Menu>
);

function SetMenu({ row }) {
  const navigate = useNavigate();
  const place = placeOf(row.metadata);
  return (
    <RowDeeds row={row}>
      <button type="button" onClick={() => navigate(place)}>
        What it generates
      </button>
      <button type="button" onClick={() => navigate(`${place}?tab=preview`)}>
        Preview
      </button>
      <button type="button" onClick={() => navigate(`${place}?tab=manifest`)}>
        Manifest
      </button>
    </RowDeeds>
  );
}

function ApplicationMenu({ row }) {
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const place = placeOf(row.metadata);
  const { runtime, namespace, name } = row.metadata;
  const refresh = async (hard) => {
    const refused = await operate("refresh", "refreshApplication", row.metadata, { hard });
    announce(refused ? `${row.metadata.name}: ${refused.message}` : `Refreshing ${row.metadata.name}`);
  };
  return (
    <>
      <RowDeeds row={row}>
        <button type="button" onClick={() => navigate(`${place}?quick=summary`)}>
          Quick view
        </button>
        <button type="button" onClick={() => navigate(`${place}?do=sync`)}>
          Sync…
        </button>
        <button type="button" onClick={() => refresh(false)}>
          Refresh
        </button>
        <button type="button" onClick={() => refresh(true)}>
          Hard refresh
        </button>
        <button type="button" onClick={() => navigate(`${place}?tab=diff`)}>
          Diff
        </button>
        <button type="button" onClick={() => navigate(`${place}?tab=configuration`)}>
          Edit
        </button>
        <button type="button" onClick={() => navigate(`${place}?tab=timeline`)}>
          Timeline
        </button>
        <button type="button" onClick={() => navigate(`${place}?tab=events`)}>
          Events
        </button>
        <button type="button" onClick={() => setDeleting(true)}>
          Delete…
        </button>
      </RowDeeds>
      {deleting && (
        <DeleteDialog application={{ runtime, namespace, name }} onClose={() => setDeleting(false)} />
      )}
    </>
  );
}
