import { PHASE_NAMES } from '../../kernel/phases/table.ts';

/** A setting that went with a version. A line of it is no unknown line: who wrote it relies on it. */
interface Retired {
  key: RegExp;
  /** What holds now, and what to write instead. */
  instead: string;
  /** It was a limit: no session starts until the line is changed, since it would cost more than its author allows. */
  stops?: true;
}

const PHASES = PHASE_NAMES.map((phase) => phase.toUpperCase()).join('|');

const RETIRED: readonly Retired[] = [
  {
    key: new RegExp(`^MAX_(?:COST_USD|TOKENS|HOURS|ITERATIONS)_(?:${PHASES})$`),
    instead: 'A limit holds for the whole session: write it without the phase.',
    stops: true,
  },
  {
    key: /^NOTIFY_WEBHOOK_FORMAT$/,
    instead:
      'A webhook is sent our JSON alone. NOTIFY_COMMAND posts to ntfy, Slack and Discord (docs/notifications.md).',
  },
  {
    key: /^ANTIGRAVITY_(?:PATH|MODEL|TIMEOUT)$/,
    instead: 'Antigravity CLI is no agent any more (docs/agents.md).',
  },
  {
    key: /^CHECK_FILES$/,
    instead: 'The checks of the work run without it by themselves: BITE.',
  },
];

/** What is said of a key that went; undefined for any other. */
export function retiredKey(key: string): { text: string; stops?: true } | undefined {
  const row = RETIRED.find((each) => each.key.test(key));
  return (
    row && {
      text: `${key} is not a setting any more. ${row.instead}`,
      ...(row.stops && { stops: row.stops }),
    }
  );
}
