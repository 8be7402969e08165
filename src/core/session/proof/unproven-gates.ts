import type { By, Channel } from '../events/bodies/who-acted.ts';

/** Sentences about the gates that no person is known to have opened. A setting counts once a person has trusted it. */
export function unprovenGates(approvals: readonly { what: string; by: By }[]): string[] {
  const gates = approvals.filter(({ what }) => what === 'answers' || what === 'plan');
  const openedBy = (who: string, channels: readonly Channel[]) => {
    const opened = gates.filter(({ by }) => channels.includes(by.channel)).map(({ what }) => `the ${what}`);
    if (opened.length === 0) return [];
    return [
      `**Opened by ${who}: ${[...new Set(opened)].join(' and ')}.** No person is known to have decided that.`,
    ];
  };
  return [
    ...openedBy('the parent model alone', ['tool']),
    ...openedBy('a form or a file, which a program can fill in too', ['elicitation', 'file']),
  ];
}
