const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Programs of docs/comparison.md that were looked at more than `days` ago, with that day. A row of a table or a list begins
 * with a bold name; its last date is the day of the last look, and a month counts from its first day.
 */
export function oldRows(page: string, today: Date, days = 90): string[] {
  return page.split('\n').flatMap((line) => {
    const name = /^[|*] \*\*\[?([^\]*]+)/.exec(line)?.[1];
    if (name === undefined) return [];
    const date = [...line.matchAll(/\b\d{4}-\d{2}(?:-\d{2})?\b/g)].at(-1)?.[0];
    if (date === undefined) return [`${name}: no date`];
    return today.getTime() - Date.parse(date) > days * DAY_MS ? [`${name}: ${date}`] : [];
  });
}
