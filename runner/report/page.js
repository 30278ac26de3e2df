"use strict";
// Search, filter and sort for the tables. Without it, the page is complete all the same.
for (const box of document.querySelectorAll("[data-find]")) {
  const table = box.querySelector("table");
  const body = table.tBodies[0];
  const controls = box.querySelector(".controls");
  const search = box.querySelector("input");
  const status = box.querySelector("select");
  const output = box.querySelector("output");
  const rows = Array.from(body.rows);
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  let texts = null;

  const show = () => {
    texts = texts || rows.map((row) => row.textContent.toLowerCase());
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const fits = (!status?.value || row.dataset.status === status.value) && words.every((word) => texts[i].includes(word));
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    output.textContent = shown === rows.length ? "" : shown === 0 ? "no row fits" : `${shown} of ${rows.length} rows`;
  };

  const sort = (head, column) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = Array.from(body.rows, (row) => ({ row, key: row.cells[column].textContent }));
    keyed.sort((a, b) => (down ? -1 : 1) * order.compare(a.key, b.key));
    body.append(...keyed.map((k) => k.row));
  };

  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head, column));
    head.replaceChildren(button);
  });
  search.addEventListener("input", show);
  status?.addEventListener("change", show);
  controls.hidden = false;
}

// On narrow screens the tables aren't laid out as tables: what they are has to be said.
const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell", TH: "columnheader" };
for (const table of document.querySelectorAll(".stack")) {
  table.setAttribute("role", "table");
  for (const part of table.querySelectorAll("thead, tbody, tr, td, th")) {
    part.setAttribute("role", part.scope === "row" ? "rowheader" : roles[part.tagName]);
  }
}
