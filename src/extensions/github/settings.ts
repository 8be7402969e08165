import { errors } from '../../core/kernel/errors.ts';
import { oneOf, text, wholeNumber } from '../../core/project/settings/setting-kinds.ts';
import { inScope } from '../../core/project/settings/setting-spec.ts';
import type { FurtherSettings, Readings } from '../../core/project/settings/settings.ts';
import { missingSafeguards } from '../../core/project/settings/unattended-start.ts';

const accounts = text(
  'names of accounts, separated by commas',
  /^[\p{L}\p{N}_.-]+(?:\[bot\])?(?:\s*,\s*[\p{L}\p{N}_.-]+(?:\[bot\])?)*$/u,
);
const label = text('the name of a label, 50 characters at most', /^[^\p{Cc},"\\]{1,50}$/u);

export const GITHUB_ROWS = inScope('project', {
  prWatch: {
    ...oneOf(['off', 'on']),
    key: 'PR_WATCH',
    default: 'off',
    risk: 'loosens',
    reach: { run: 'agents, on words of others' },
    doc: 'on: a pull request opened by finish is watched until it is merged or closed. Needs the guard; agents get no GitHub login.',
  },
  prRounds: {
    ...wholeNumber('rounds', 0, 50),
    key: 'PR_ROUNDS',
    default: '3',
    risk: 'loosens',
    reach: { run: 'agents, on words of others' },
    doc: 'How many rounds a watched pull request may start without asking you. Takes effect at once.',
  },
  prTrust: {
    ...accounts,
    key: 'PR_TRUST',
    risk: 'loosens',
    reach: { run: 'agents, on words of these accounts' },
    example: 'PR_TRUST=coderabbitai[bot]',
    doc: 'Accounts without write access, mostly review bots, whose comments may start a round; separated by commas.',
  },
  intakeLabel: {
    ...label,
    key: 'INTAKE_LABEL',
    risk: 'loosens',
    reach: { run: 'agents, on issues of others' },
    example: 'INTAKE_LABEL=samocode',
    doc: 'An issue that gets this label from a person with write access starts a session. Needs guard, MAX_COST_USD, both gates.',
  },
});

export const INTAKE_ERRORS = errors({
  intake_refused: ({ why, fix }: { why: string; fix: string }) => ({
    what: 'INTAKE_LABEL cannot be used.',
    why,
    hint: `${fix}, or remove INTAKE_LABEL.`,
  }),
});

export const GITHUB_SETTINGS: readonly FurtherSettings[] = [{ rows: GITHUB_ROWS, check: whyNoIntake }];

function whyNoIntake(readings: Readings) {
  const written = (key: string) => readings.get(key)?.value;
  if (written('INTAKE_LABEL') === undefined) return {};
  const missing = missingSafeguards({
    sandbox: written('SANDBOX'),
    maxCostUsd: written('MAX_COST_USD'),
    gates: written('GATES'),
  });
  return Object.fromEntries(
    missing.map(({ key, why, fix }) => [key, INTAKE_ERRORS.intake_refused({ why, fix })]),
  );
}
