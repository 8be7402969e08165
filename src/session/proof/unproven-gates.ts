import { type By, isPersonal } from '../events/bodies/who-acted.ts';

/** Sentences about the gates that no person is known to have opened. */
export function unprovenGates(approvals: readonly { what: string; by: By }[]): string[] {
  const gates = approvals.filter(({ what }) => what === 'answers' || what === 'plan');
  // A line of .samocode opens one once a person has trusted it.
  const unproven = gates.filter(({ by: { channel } }) => !isPersonal(channel) && channel !== 'settings');
  const [alone, others] = [true, false].map((isModel) => {
    const opened = unproven.filter(({ by }) => (by.channel === 'tool') === isModel);
    return [...new Set(opened.map(({ what }) => `the ${what}`))].join(' and ');
  });
  const how = {
    alone: 'the parent model alone',
    others: 'a form or a file, which a program can fill in too',
  };
  return [
    ...(alone ? [`**Opened by ${how.alone}: ${alone}.** ${UNKNOWN}`] : []),
    ...(others ? [`**Opened by ${how.others}: ${others}.** ${UNKNOWN}`] : []),
  ];
}

const UNKNOWN = 'No person is known to have decided that.';
