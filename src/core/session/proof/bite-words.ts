import type { ProvedRequirement } from '../../kernel/phases/decision.ts';
import type { Bite } from '../../kernel/phases/proving.ts';
import { code } from '../documents/markdown-lines.ts';

/** Of commands with the tests of the base: without a full stop. */
export function unlikeText(commands: readonly string[]): string {
  return `With the tests of the base ${commands.map(code).join(', ')} passes on this work, and no longer prints lines that it prints on the base: some of them may not run`;
}

/** What passes without the work, and so shows nothing of it: sentences without their full stops. */
export function unnoticedIn(
  { passed, red }: Bite,
  requirements: readonly Pick<ProvedRequirement, 'id' | 'check' | 'kind'>[] = [],
): string[] {
  const ofRequirements = requirements.filter(({ check, kind }) => kind !== 'stays' && passed.includes(check));
  return [
    ...ofRequirements.map(({ id, check }) => `${id}'s command passes without the work: ${code(check)}`),
    ...(passed.length > 0 && red.length === 0 ? ['No check notices the work: each passes without it'] : []),
  ];
}
