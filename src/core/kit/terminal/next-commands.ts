import { type Act, type NextStep, TO_FILL } from '../../kernel/acts.ts';
import { LIMIT_NAMES, settingOf } from '../../kernel/phases/limits.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { capitalised } from '../../kernel/text.ts';
import { handleOf } from '../../session/layout/names.ts';

type Args = NonNullable<NextStep['args']>;

export function nextCommands(steps: readonly NextStep[]): string {
  return commandsOf(steps).join(', or ');
}

export function commandsOf(steps: readonly NextStep[]): string[] {
  return steps.flatMap((step) => {
    const command = commandOf(step);
    return command === undefined ? [] : [step.when ? `${step.when}: ${command}` : command];
  });
}

/** The advice about an error: its hint, and the commands that help. */
export function hintForTerminal({ hint, next }: { hint: string; next: readonly NextStep[] }): string {
  const [first] = next;
  if (first === undefined) return hint;
  const commands = nextCommands(next);
  return `${hint} ${first.when ? capitalised(commands) : `Next: ${commands}`}`.trim();
}

function commandOf({ act, session, args = {} }: NextStep): string | undefined {
  const command = COMMANDS[act](session === undefined ? '<session>' : handleOf(session), args);
  return command && `samocode ${command}`;
}

const COMMANDS: Readonly<Record<Act, (session: string, args: Args) => string | undefined>> = {
  answer_questions: (session) => `answer ${session}`,
  archive: (session, args) => `archive ${session}${options(args)}`,
  begin_round: (session) => `round ${session}`,
  unarchive: (session) => `unarchive ${session}`,
  decide_plan: (session) => `plan ${session}`,
  doctor: () => 'doctor',
  finish: (session, { how, watch }) =>
    `finish ${session}${typeof how === 'string' && how !== TO_FILL ? ` --${how.replaceAll('_', '-')}` : ''}${watch === false ? ' --no-watch' : ''}`,
  follow: (session) => `log ${session} --follow`,
  list: () => 'list',
  read_status: (session) => `status ${session}`,
  make_report: (session) => `report ${session}`,
  message: (session) => `message ${session} "…"`,
  name_project: () => '… --project <folder>',
  read_answers: (session) => `answer ${session} --show`,
  read_changes: (session) => `diff ${session}`,
  read_document: (session, { document = TO_FILL }) =>
    `show ${session}${document === TO_FILL ? '' : ` ${document}`}`,
  read_risky_lines: () => 'trust',
  raise_limits: (session, args) => `resume ${session}${options(limitOptions(args))}`,
  read_plan: (session) => `plan ${session}`,
  request_changes: (session) => `changes ${session} "…"`,
  resume: (session, args) => `resume ${session}${options(args)}`,
  rewind: (session, args) => `rewind ${session}${options(args)}`,
  set_up: (_session, { init_repository }) => (init_repository ? 'init --git-init' : 'init'),
  start: () => 'start --task "…"',
  stop: (session) => `stop ${session}`,
  take_over: (session) => `takeover ${session}`,
  trust: () => 'trust',
  verify: (session) => `verify ${session}`,
  change_file: (session) => `resume ${session}`,
  clear_the_way: (session) => `status ${session}`,
  do_what_it_asks: (session) => `resume ${session} --note "…"`,
  fix_problems: (session) => `status ${session}`,
  settle_blocker: (session) => `resume ${session} --note "…"`,
  // The terminal has already printed the summary.
  read_summary: () => undefined,
  report: (session) => `status ${session}`,
};

/** `usd: 5` as `max_cost_usd: 5`. */
function limitOptions(args: Args): Args {
  const named = LIMIT_NAMES.filter((name) => args[name] !== undefined).map((name) => [
    settingOf({ limitName: name, scope: 'session' }).toLowerCase(),
    args[name],
  ]);
  return Object.fromEntries(named);
}

/** Input of a tool as options: `max_cost_usd: 5` as `--max-cost-usd 5`. */
function options(args: Args): string {
  return Object.entries(args)
    .filter(([key]) => key !== 'session')
    .map(([key, value]) => {
      const option = ` --${key.replaceAll('_', '-')}`;
      if (typeof value === 'boolean' || value === undefined) return value ? option : '';
      return `${option} ${value === TO_FILL ? '"…"' : shellWord(String(value))}`;
    })
    .join('');
}
