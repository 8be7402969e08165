import { PHASE_NAMES, type Phase } from '../../src/phases/table.ts';

/** A rule that models must not miss, and the sentence that carries it. */
export interface CarriedRule {
  rule: string;
  /** In the prompt of each of these phases, or in this file. */
  where: readonly Phase[] | `skills/${string}` | `workflow/${string}`;
  /** Line ends in the text count as blanks. */
  sentence: string;
}

const building: readonly Phase[] = ['implementation'];
const testing: readonly Phase[] = ['testing'];
const reviewing: readonly Phase[] = ['quality'];

export const RULES: readonly CarriedRule[] = [
  // Two proposals that happen.
  {
    rule: 'no edit of code before both proposals exist',
    where: building,
    sentence: 'Write two proposals before you edit code.',
  },
  {
    rule: 'a stop check',
    where: building,
    sentence: '**Stop check: about to edit with no comparison written? Stop, and write it first.**',
  },
  {
    rule: 'two helpers with a fresh context',
    where: building,
    sentence: 'Start two helpers in one message with the brief below, filled in. Tell neither of the other.',
  },
  {
    rule: 'each proposal solves the whole task, and edits nothing',
    where: building,
    sentence:
      'Solve this whole task in writing, not a part of it. Edit no file but your document. Code is asked for.',
  },
  {
    rule: 'the form of a proposal: path, code and reason per file',
    where: building,
    sentence:
      '### [path of a file] [a code block with the complete new code of this place, tests too] Why: [reason]',
  },
  {
    rule: 'guidelines of the minimal one',
    where: building,
    sentence: 'touch few files, change locally, add no abstraction, work within what exists.',
  },
  {
    rule: 'guidelines of the clean one',
    where: building,
    sentence: 'Refactor where it pays, add an abstraction where it saves later work.',
  },
  {
    rule: 'could this be cleaner?',
    where: building,
    sentence: 'Before you accept a solution, ask: "Could this be cleaner?"',
  },
  {
    rule: 'which one is chosen',
    where: building,
    sentence:
      'Choose clean unless it adds complexity without a clear gain, is riskier, or the matter is urgent. Write the reason down, and build your choice.',
  },
  {
    rule: 'when one proposal is enough',
    where: building,
    sentence:
      'One proposal is enough where minimal and clean cannot differ: research, documents, configuration, one or two lines. Say why in the `reason` of your signal.',
  },
  {
    rule: 'without helpers the clean proposal comes first',
    where: building,
    sentence:
      'Without helpers, write the clean proposal first, then the minimal one; for up to 20 changed lines, one proposal.',
  },
  {
    rule: 'the worker looks for the comparison',
    where: building,
    sentence: 'In a plan phase marked `Proposals: two` the worker looks for it and sends the work back.',
  },
  {
    rule: 'the plan marks its phases',
    where: ['planning'],
    sentence: '`Proposals: two` in every phase that changes code in more than a line or two',
  },
  {
    rule: 'servers are proposed where an approval accepts them',
    where: ['planning'],
    sentence: 'Propose tools that later agents need as MCP servers, one item each under `## MCP servers`',
  },
  {
    rule: 'only a person accepts a command of the plan',
    where: ['planning'],
    sentence: 'only a person can accept one with its own command',
  },
  // Reviews with questions.
  {
    rule: 'three reviewers, not one',
    where: reviewing,
    sentence: 'Three reviewers, a helper each, at the same time. Do not delegate this to one subagent.',
  },
  {
    rule: 'three reviewers, not one, in a chat',
    where: 'skills/quality/SKILL.md',
    sentence: 'Do not delegate this to one subagent.',
  },
  {
    rule: 'the reviewers judge for themselves',
    where: reviewing,
    sentence: 'Give each the diff, the requirements, its questions and the form below, and not your opinion.',
  },
  {
    rule: 'the form of a finding',
    where: reviewing,
    sentence: '`severity (blocking, important, nice-to-have) | path:line | problem | evidence | remedy`',
  },
  {
    rule: 'a ready prompt for Codex',
    where: reviewing,
    sentence: 'timeout 600 codex exec --sandbox read-only "$Q" < "$D"',
  },
  {
    rule: 'a ready prompt for Gemini',
    where: reviewing,
    sentence: 'timeout -s KILL 600 gemini -p "$Q" < "$D"',
  },
  {
    rule: 'a cleanup report with options',
    where: reviewing,
    sentence:
      '`## Issues`, each with type, `path:line`, priority, breaking or not, problem, options with pros and cons, recommendation',
  },
  // Signals, placeholders, imperatives, depth.
  { rule: 'one signal', where: PHASE_NAMES, sentence: 'Write exactly one of these:' },
  {
    rule: 'placeholders',
    where: PHASE_NAMES,
    sentence: 'In forms and signals, replace `[brackets]` with your own words.',
  },
  {
    rule: 'search',
    where: PHASE_NAMES,
    sentence: 'Search at least twice with different words before you conclude that something is missing.',
  },
  {
    rule: 'depth follows the change',
    where: PHASE_NAMES,
    sentence:
      'Let the depth follow the change: test, review and document 20 changed lines in proportion, in lines rather than pages.',
  },
  {
    rule: 'a small review for a small change',
    where: reviewing,
    sentence:
      'For up to 20 changed lines, answer the questions below yourself in half a page, without helpers and other vendors.',
  },
  {
    rule: 'Status of _qa.md',
    where: ['requirements'],
    sentence:
      'Leave out `Status:`: the worker writes `waiting`, a person may set `answered`, and the worker writes `answered` once the answers are recorded.',
  },
  // Front ends in a browser.
  {
    rule: 'a server may keep running between tool calls, on a free port',
    where: PHASE_NAMES,
    sentence:
      'A server may keep running between your commands: `setsid -f [command] > [file] 2>&1 < /dev/null` starts it',
  },
  {
    rule: 'it ends before the signal',
    where: PHASE_NAMES,
    sentence: 'Before you write the signal, end every process that you started.',
  },
  {
    rule: 'the ways to test a web page, in order, and the one used in the report',
    where: testing,
    sentence:
      "web pages by the first of these ways that there is: an MCP browser of this session; the project's own Playwright or Puppeteer; a script with a headless Chromium that is on the machine, as below; HTTP. `## Method` names the way, and why not one before it.",
  },
  {
    rule: 'the ways to test a web page, in order, in a chat',
    where: 'skills/testing/SKILL.md',
    sentence:
      "web pages by the first of these ways that there is: an MCP browser of this chat; the project's own Playwright or Puppeteer; a script with a headless Chromium that is on the machine, as below; HTTP.",
  },
  {
    rule: 'screens, console errors, response codes and data are looked at',
    where: testing,
    sentence:
      'On each page look at the picture, the console errors, the response codes and the data that it shows.',
  },
  {
    rule: 'pictures are saved and linked',
    where: testing,
    sentence:
      'Save pictures in the session path as `screens/[page].png`, and link them in the report: `![page](screens/[page].png)`.',
  },
  {
    rule: 'what a page that never rests needs',
    where: testing,
    sentence:
      'A page that never rests (live reload, open streams) needs `--timeout=5000` instead of `--virtual-time-budget=5000`;',
  },
  // What is granted, and what is noticed.
  {
    rule: 'no edit of code before there is a plan',
    where: ['investigation', 'requirements', 'planning'],
    sentence:
      'The worker compares the worktree before and after you, and names code that changed to the agents after you.',
  },
  // A review of uncommitted work.
  {
    rule: 'untracked files are reviewed',
    where: reviewing,
    sentence: 'the whole diff against the recorded base, with untracked files.',
  },
  {
    rule: 'untracked files are reviewed in a chat',
    where: 'skills/quality/SKILL.md',
    sentence: 'this branch as it is now, with uncommitted and untracked files',
  },
];
