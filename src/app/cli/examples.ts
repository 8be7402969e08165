import type { Command } from 'commander';

type Example = readonly [line: string, explanation: string];

/** Examples for each command; a test checks that their commands and options exist. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  run: [
    ['samocode run --task "Add JWT auth"', 'start a session, and answer its questions here'],
    ['samocode run jwt', 'follow the session whose name begins with jwt'],
  ],
  start: [
    ['samocode start --task "Add JWT auth" --base develop', 'from develop, in the background'],
    ['samocode start --task "Add JWT auth" --providers quality=codex', 'with another agent CLI as reviewer'],
  ],
  every: [
    ['samocode every "mon-fri 02:00" --task "Update libraries" --max-runs 30', 'each night of the week'],
    [
      'samocode every --on ci-failed --task "Fix the failed checks"',
      'once for each push that breaks the default branch',
    ],
  ],
  'every list': [['samocode every list nightly', 'what it does, and its last ten runs']],
  'every resume': [['samocode every resume nightly --max-runs 60', 'with a higher limit']],
  stop: [
    ['samocode stop jwt --now', 'do not wait for the current agent'],
    ['samocode stop --group tonight', 'every session of that group'],
  ],
  resume: [
    ['samocode resume jwt --note "The database is up again"', 'after you have fixed what blocked it'],
    ['samocode resume jwt --max-cost-usd 20', 'with a higher limit'],
  ],
  pool: [
    ['samocode pool prepare --database postgres://admin@db.example.org/samocode', 'once, from anywhere'],
    [
      'samocode pool join --remote ssh://git@example.org/sessions.git --database postgres://mini@db.example.org/samocode',
      'on each machine, here mini, with its own login',
    ],
  ],
  round: [['samocode round jwt', 'at once, instead of at the next check of the supervisor']],
  finish: [
    ['samocode finish jwt', 'show what each option would do'],
    ['samocode finish jwt --pull-request --yes', 'open a pull request, without confirmation'],
  ],
  archive: [['samocode archive jwt --documents', 'only its documents, so that it can take new work']],
  unarchive: [['samocode unarchive jwt', 'restore it from the archive']],
  import: [['samocode import 26-01-08-jwt-auth', 'then answer, approve or resume it like any other session']],
  demo: [['samocode demo --ask', 'answer the questions and review the plan yourself']],
  list: [
    ['samocode list --all', 'the sessions of every project'],
    ['samocode list | cut -f1,3', 'names and states for a script'],
  ],
  watch: [
    ['samocode watch', 'every session of this machine; q quits'],
    ['samocode watch jwt', 'one of them'],
  ],
  web: [
    ['samocode web --open', 'start it unless it is running, and open it in the browser'],
    ['samocode web --code', 'six digits for another device'],
  ],
  services: [
    ['samocode services jwt up', 'run its application, and print its address'],
    ['samocode services jwt logs db --follow', 'what one service prints'],
  ],
  review: [
    ['samocode review jwt', 'write comments below the lines of its diff, or of its plan'],
    ['samocode review jwt src/auth', 'only what changed there'],
  ],
  report: [
    ['samocode report jwt', 'print the path of its page'],
    ['samocode report jwt --open', 'in the browser'],
  ],
  cost: [
    ['samocode cost', 'today, in the last seven days, and in total'],
    ['samocode cost --by model', 'which model proved its work at first try, and whose held'],
  ],
  prune: [
    ['samocode prune', 'show what would be removed, with sizes'],
    ['samocode prune --days 7 --yes', 'remove everything older than a week'],
  ],
  status: [['samocode status 7c5d2', 'by its short id, which the list shows']],
  log: [
    ['samocode log jwt --follow', 'until it needs you or ends'],
    ['samocode log jwt --iteration 4', 'what that agent said and did'],
  ],
  show: [['samocode show jwt summary', 'the newest document of that kind']],
  diff: [
    ['samocode diff jwt --new', 'what has changed since you last ran this'],
    ['samocode diff jwt src/auth.ts', 'the patch of one file'],
  ],
  why: [
    ['samocode why src/auth.ts', 'the decisions behind the changes of this file'],
    ['samocode why src/auth.ts:31', 'the same for one line'],
  ],
  verify: [
    ['samocode verify jwt', 'on a fresh clone of its branch'],
    ['samocode verify --pull-request 17', "with this project's own checks, on the head of that pull request"],
  ],
  wait: [
    ['samocode wait jwt billing --timeout 3600', 'until either needs you, for at most an hour'],
    ['samocode wait --group tonight --until done && git push', 'continue once all of them are done'],
  ],
  worktrees: [['samocode worktrees --prune', 'remove those that contain no unsaved work']],
  answer: [
    ['samocode answer jwt', 'answer the questions one by one'],
    ['samocode answer jwt Q1=A Q2="B, C"', 'answer directly, with letters or free text'],
  ],
  plan: [['samocode plan jwt --no-pager', 'print it without a pager']],
  approve: [['samocode approve jwt', 'the current version of the plan']],
  changes: [
    ['samocode changes jwt "Smaller steps, and a test for each"', 'a planning agent makes the changes'],
  ],
  message: [
    ['samocode message jwt "Use the logger in src/log.ts"', 'the next agent reads it'],
    ['samocode message jwt --withdraw', 'take it back, if no agent has received it'],
  ],
  rewind: [
    ['samocode rewind jwt', 'list the checkpoints'],
    ['samocode rewind jwt --to 4', 'show what that would undo, and ask'],
  ],
  init: [['samocode init --set "CHECK=npm test"', 'with a check that must pass before a session is done']],
  trust: [['samocode trust', 'read the lines and confirm']],
  install: [
    ['samocode install --dry-run', 'show every change first'],
    ['samocode install --client claude codex', 'only these clients'],
  ],
  uninstall: [['samocode uninstall', 'from every client']],
  config: [['samocode config --json', 'for a script']],
  doctor: [['samocode doctor --checks', 'also try SETUP and each CHECK']],
  supervisor: [
    ['samocode supervisor --status', 'what each session waits for'],
    ['samocode supervisor --install', 'as a service, so that sessions continue after a restart'],
  ],
  takeover: [['samocode takeover jwt', 'only if its machine is gone for good']],
  notify: [['samocode notify test', 'try each channel']],
  mute: [['samocode mute jwt', 'use --off to be notified again']],
  completion: [["echo 'source <(samocode completion bash)' >> ~/.bashrc", 'in every new shell']],
};

/** @param name the name of the command, after that of its parent command */
export function withExamples(command: Command, name = command.name()): void {
  for (const each of command.commands) withExamples(each, `${name} ${each.name()}`);
  const examples = EXAMPLES[name];
  if (examples === undefined) return;
  const lines = examples.map(([line, explanation]) => `  ${line}\n      ${explanation}`);
  command.addHelpText('after', `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}`);
}
