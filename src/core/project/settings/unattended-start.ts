import { GATES } from '../../kernel/phases/table.ts';

export interface MissingSafeguard {
  key: 'SANDBOX' | 'MAX_COST_USD' | 'GATES';
  why: string;
  /** For `.samocode`. */
  fix: string;
}

/**
 * The rules for sessions that no person starts and whose task others can write, such as those of INTAKE_LABEL: what
 * their settings lack. A missing value is `undefined`. Pure.
 */
export function missingSafeguards(given: {
  sandbox: unknown;
  maxCostUsd: unknown;
  gates: unknown;
}): MissingSafeguard[] {
  const { sandbox, maxCostUsd, gates } = given;
  const open = GATES.filter((gate) => Array.isArray(gates) && !gates.includes(gate));
  const missing: (MissingSafeguard | false)[] = [
    sandbox !== 'guard' &&
      sandbox !== 'strict' && {
        key: 'SANDBOX',
        why: `Text written by others must reach agents only inside the guard, and SANDBOX is ${String(sandbox)}.`,
        fix: 'Add SANDBOX=guard',
      },
    maxCostUsd === undefined && {
      key: 'MAX_COST_USD',
      why: 'No person starts these sessions, and MAX_COST_USD does not limit what each of them may cost.',
      fix: 'Add for example MAX_COST_USD=10',
    },
    open.length > 0 && {
      key: 'GATES',
      why: `A person has to answer the questions and approve the plan of these sessions, and ${open.join(' and ')} would be left out.`,
      fix: 'Remove the line GATES',
    },
  ];
  return missing.filter((each) => each !== false);
}
