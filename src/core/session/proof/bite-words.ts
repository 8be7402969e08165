import type { ProvedRequirement } from '../../kernel/phases/decision.ts';
import type { Bite } from '../../kernel/phases/proving.ts';
import { code } from '../documents/markdown-lines.ts';

/** What passes without the work, and so shows nothing of it: sentences without their full stops. */
export function unnoticedIn(
  { passed, red }: Bite,
  requirements: readonly Pick<ProvedRequirement, 'id' | 'check'>[] = [],
): string[] {
  const ofRequirements = requirements.filter(({ check }) => passed.includes(check));
  return [
    ...ofRequirements.map(({ id, check }) => `${id}'s command passes without the work: ${code(check)}`),
    ...(passed.length > 0 && red.length === 0 ? ['No check notices the work: each passes without it'] : []),
  ];
}
