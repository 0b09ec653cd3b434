// What the pages share. Each page defines textOf, which formats a number.
function make(tag, text, parent, classes = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = classes;
  parent.append(element);
  return element;
}

function compare(a, b) {
  if (typeof a === "string") return a.localeCompare(b, undefined, { numeric: true });
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  return a === b ? 0 : a - b;
}

/* A table whose columns sort: columns are [name, isText], rows arrays of strings and numbers. */
function table(element, columns, rows, best = []) {
  let sorted = -1, direction = 1;
  function draw() {
    element.replaceChildren();
    const head = make("tr", "", make("thead", "", element));
    columns.forEach(([name, isText], number) => {
      const cell = make("th", name, head, isText ? "text" : "");
      if (number === sorted) cell.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      cell.onclick = () => {
        direction = number === sorted ? -direction : 1;
        sorted = number;
        rows.sort((a, b) => direction * compare(a[number], b[number]));
        draw();
      };
    });
    const body = make("tbody", "", element);
    for (const row of rows) {
      const line = make("tr", "", body);
      row.forEach((value, number) => {
        const isText = columns[number][1];
        make("td", isText ? value : textOf(value), line, isText ? "text" : value === best[number] ? "best" : "");
      });
    }
  }
  draw();
}
