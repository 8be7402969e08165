import type { TrustProjectInput } from '../../acts/common/places/trust-project.ts';
import { cut } from '../../base/text.ts';
import { byForm, type Form } from '../../kit/mcp/form.ts';
import type { ToolContext } from '../../kit/mcp/tool.ts';

const YES = 'yes';

/**
 * Asks the user in a form to trust lines of a `.samocode` that relax a rule: a model must not trust them.
 * @returns the hash to trust and the context that records who trusts it; both as given if no line relaxes a
 * rule or the user did not agree
 */
export async function trustAsked(
  given: TrustProjectInput,
  { actions, ask }: ToolContext,
): Promise<Pick<ToolContext, 'actions'> & { hash: string }> {
  const asGiven = { actions, hash: given.hash };
  if (ask === undefined) return asGiven;
  const { needsPerson, readTrust } = await import('../../acts/common/places/trust-project.ts');
  const { trust } = await readTrust(given, actions);
  if (trust.kind === 'fine' || !needsPerson(trust.lines, actions.by)) return asGiven;
  const outcome = await ask(trustForm(trust.filePath, trust.lines));
  const isYes = outcome.kind === 'filled' && outcome.filled.decision === YES;
  return isYes ? { actions: byForm(actions), hash: trust.hash } : asGiven;
}

function trustForm(filePath: string, lines: readonly { key: string; value: string }[]): Form {
  return {
    message: [
      `Trust these lines of ${filePath}? They run something or relax a rule for every session.`,
      ...lines.map(({ key, value }) => `${key}=${cut(value, 200)}`),
    ].join('\n'),
    fields: {
      decision: {
        title: 'Decision',
        choices: [
          { value: YES, title: 'Yes, trust these lines' },
          { value: 'no', title: 'No' },
        ],
      },
    },
    required: ['decision'],
  };
}
