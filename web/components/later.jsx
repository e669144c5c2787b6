// A part that is fetched when it is first shown, or before. React's own `lazy` shows its fallback even for what is here already,
// and holds back whatever takes the place of a fallback for 300 ms.
import { useEffect, useState } from "react";
import { Bone } from "./kit.jsx";

// `load` resolves to a component. `fetched` on the result fetches it before anybody looks.
export function later(load, meanwhile = <Bone wide />) {
  let Part = null;
  let coming = null;
  const fetched = () => {
    coming ??= load().then(
      (found) => {
        Part = found;
      },
      (failure) => {
        coming = null; // the next who looks tries again
        throw failure;
      },
    );
    return coming;
  };
  function Later(props) {
    const [, turn] = useState(Part ? 1 : 0);
    useEffect(() => {
      let here = true;
      fetched().then(
        () => here && turn(1), // no second drawing where it was here at the first
        (failure) =>
          here &&
          turn(() => {
            throw failure; // to whoever catches what goes wrong while drawing
          }),
      );
      return () => {
        here = false;
      };
    }, []);
    return Part ? <Part {...props} /> : meanwhile;
  }
  Later.fetched = () => fetched().catch(() => null);
  return Later;
}
