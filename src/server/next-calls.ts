import { type Act, type NextStep, TO_FILL } from '../base/acts.ts';

type Args = NonNullable<NextStep['args']>;

/** The next steps as a model takes them: calls of tools, and what it says to the user. */
export function nextCalls(steps: readonly NextStep[]): string {
  return steps.map((step) => (step.when ? `${step.when}: ${callOf(step)}` : callOf(step))).join('; ');
}

/** What to do about an error: its hint, and the calls that help. */
export function hintOf({ hint, next }: { hint: string; next: readonly NextStep[] }): string {
  return [hint, next.length > 0 && `Next: ${nextCalls(next)}.`].filter(Boolean).join(' ');
}

function callOf({ act, args = {} }: NextStep): string {
  return CALLS[act](args);
}

const CALLS: Readonly<Record<Act, (args: Args) => string>> = {
  answer_questions: () => 'read_qa; put the questions to the user; answer_qa',
  archive: (args) => tool('finish_session', args),
  bring_back: () => 'finish_session (how: unarchive)',
  decide_plan: () => 'read_plan; show it to the user; approve_plan or request_changes as they say',
  doctor: () => 'ask the user to run "samocode doctor"',
  follow: (args) => tool('wait', args),
  list: (args) => tool('list_sessions', args),
  look: (args) => tool('get_status', args),
  message: (args) => tool('send_message', args),
  raise_limits: (args) =>
    `when the user agrees: resume_session (caps: {${Object.entries(args)
      .map(([cap, limit]) => `${cap}: ${limit}`)
      .join(', ')}})`,
  read_plan: (args) => tool('read_plan', args),
  request_changes: (args) => tool('request_changes', args),
  resume: (args) => tool('resume_session', args),
  rewind: (args) => tool('rewind_session', args),
  set_up: (args) => tool('setup_project', args),
  start: (args) => tool('start_session', args),
  stop: (args) => tool('stop_session', args),
  take_over: () => 'ask the user to run "samocode takeover"',
  trust: ({ hash }) =>
    hash === undefined
      ? 'ask the user to run "samocode trust" in a terminal'
      : `show these lines to the user; when they agree: ${tool('setup_project', { trust: hash })}`,
  change_file: () => 'ask the user to change the file named in says; the session then continues',
  do_what_it_asks: () => 'tell the user what says.reason asks for; when it is done: resume_session',
  fix_problems: () => 'tell the user what problems says; nothing continues before',
  settle_blocker: () =>
    'tell the user says.reason; once it is settled: resume_session (note: what was decided)',
  read_summary: () => 'tell the user says.summary and where the branch is',
};

function tool(name: string, args: Args): string {
  const given = Object.entries(args).map(([key, value]) =>
    value === TO_FILL ? key : `${key}: ${shown(value)}`,
  );
  return given.length === 0 ? name : `${name} (${given.join(', ')})`;
}

/** Words are quoted where they would not be taken for one value. */
function shown(value: string | number | boolean): string {
  return typeof value === 'string' && !/^[\w.-]+$/.test(value) ? JSON.stringify(value) : String(value);
}
