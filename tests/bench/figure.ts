/** A number with its thousands apart, or a dash where there is none. */
export function figure(value: number | undefined, digits = 0): string {
  return value?.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, " ") ?? "–";
}

/** A line of the report: a label and cells under each other. */
export function row(label: string, cells: readonly string[]): string {
  return label.padEnd(labelWidth) +
    cells.map((cell) => cell.padStart(cellWidth)).join("");
}

const labelWidth = 46;
const cellWidth = 12;
