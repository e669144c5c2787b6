// Menus are <details>: they close with Escape, which gives the focus back, and with a click elsewhere.
import { useEffect } from "react";

export function useClosing(ref, { onChoice = false } = {}) {
  useEffect(() => {
    const close = (event) => {
      const menu = ref.current;
      if (!menu?.open) return;
      const inside = (onChoice ? menu.querySelector("summary") : menu).contains(event.target);
      if (event.type === "keydown" ? event.key !== "Escape" : inside) return;
      menu.open = false;
      if (event.type === "keydown") menu.querySelector("summary").focus();
    };
    document.addEventListener("click", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("click", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
}
