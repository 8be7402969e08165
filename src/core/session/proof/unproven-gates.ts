import { TASK_ID } from '../documents/requirements.ts';
import type { By, Channel } from '../events/bodies/who-acted.ts';
import type { SessionProof } from './proof.ts';

/** Sentences about the gates that no person is known to have opened. A setting counts once a person has trusted it. */
export function unprovenGates({ approvals, quick }: Pick<SessionProof, 'approvals' | 'quick'>): string[] {
  const gates = approvals.filter(({ what }) => what === 'answers' || what === 'plan');
  const openedBy = (who: string, channels: readonly Channel[]) => {
    const isOf = ({ by }: { by: By }) => channels.includes(by.channel);
    const opened = new Set(gates.filter(isOf).map(({ what }) => `the ${what}`));
    const acts = [
      ...(quick && isOf(quick) ? [`Started by ${who}, without questions and a plan.`] : []),
      ...(opened.size === 0 ? [] : [`Opened by ${who}: ${[...opened].join(' and ')}.`]),
    ];
    return acts.map((act) => `**${act}** No person is known to have decided that.`);
  };
  return [
    ...openedBy('the parent model alone', ['tool']),
    ...openedBy('a form or a file, which a program can fill in too', ['elicitation', 'file']),
  ];
}

/** What quick work lacks, in comparison with a plan and its gates. */
export function quickLimits({ quick, requirements = [] }: SessionProof): string[] {
  if (quick === undefined) return [];
  const isRead = requirements.some(({ id, reviewer }) => id === TASK_ID && reviewer !== undefined);
  return [
    'No plan was approved: the work was judged as the task is written.',
    ...(isRead ? [] : ['No reviewer has read it.']),
  ];
}

/** Where the requirements come from. */
export function requirementsFrom({ quick }: Pick<SessionProof, 'quick'>): string {
  return quick === undefined ? 'As approved with the plan' : 'The task itself';
}
