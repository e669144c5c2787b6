// What Kubernetes tells about an application's objects, newest first.
import { useEffect, useState } from "react";
import { Bone, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { useStream } from "./live.js";

const keyOf = (event) => [event.object.kind, event.object.namespace, event.object.name, event.reason, event.message].join("/");
const MOST_EVENTS = 300;
const QUIET_MILLISECONDS = 1_500;

export function Events({ application, resource = null }) {
  const [events, setEvents] = useState(new Map());
  const [waited, setWaited] = useState(false);
  const key = JSON.stringify([application, resource]);
  useEffect(() => {
    setEvents(new Map());
    setWaited(false);
    const timer = setTimeout(() => setWaited(true), QUIET_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [key]);
  const failure = useStream("resource_events", { application, resource }, {
    onEvent: ({ resourceEvents: event }) => setEvents((before) => new Map(before).set(keyOf(event), event)),
  });
  const newestFirst = [...events.values()].sort((a, b) => (b.lastTimestamp ?? "").localeCompare(a.lastTimestamp ?? "")).slice(0, MOST_EVENTS);
  if (failure && !newestFirst.length) return <Notice title="Events could not be read" detail={failure.message} next="State, manifests and logs still work." id={failure.id} />;
  if (!newestFirst.length && !waited) return <p className="pad"><Bone wide /></p>;
  if (!newestFirst.length) return <Empty title="No events" next="Kubernetes forgets events after a while; new ones appear here by themselves." />;
  return (
    <table className="rows flat stacks events">
      <caption className="unseen">Events, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Type</th>
          <th scope="col">Reason</th>
          {!resource && <th scope="col">Object</th>}
          <th scope="col" className="events-message">Message</th>
          <th scope="col">Last seen</th>
        </tr>
      </thead>
      <tbody>
        {newestFirst.map((event) => (
          <tr key={keyOf(event)}>
            <td>
              <span className={`status status-${event.type === "Warning" ? "amber" : "grey"}`}>
                <Icon name={event.type === "Warning" ? "alert" : "info"} />
                <span>{event.type}</span>
              </span>
            </td>
            <th scope="row">{event.reason}</th>
            {!resource && (
              <td title={`${event.object.kind} ${event.object.name}`}>
                {event.object.kind} {event.object.name}
              </td>
            )}
            <td className="events-message">{event.message}</td>
            <td>
              <Moment at={event.lastTimestamp} />
              {event.count > 1 && <span className="muted"> · {event.count}×</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
