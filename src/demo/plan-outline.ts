/** A plan's title and phases, with how many steps each has: what a person judges first. */
export function planOutline(text: string): string {
  const lines = text.split('\n');
  const outline: string[] = [];
  let steps = 0;
  const close = () => {
    if (steps > 0) outline.push(`    ${steps} step${steps === 1 ? '' : 's'}`);
    steps = 0;
  };
  for (const line of lines) {
    const title = /^# (?:Plan: )?(.+)$/.exec(line)?.[1];
    const phase = /^### (Phase \d+: .+)$/.exec(line)?.[1];
    if (title) outline.push(title);
    if (phase) {
      close();
      outline.push(`  ${phase}`);
    }
    if (/^- \[[ x]\]/.test(line) && outline.length > 1) steps += 1;
    if (/^## /.test(line)) close();
  }
  close();
  return outline.join('\n');
}
