import { decide } from '../../src/core/kernel/phases/decide.ts';
import type { Decision } from '../../src/core/kernel/phases/decision.ts';
import { EDGE_CONDITIONS } from '../../src/core/kernel/phases/edge-conditions.ts';
import {
  COUNTED_ENDINGS,
  ENDING_KINDS,
  type EndingKind,
  outageOf,
} from '../../src/core/kernel/phases/ending.ts';
import { OBSTACLES } from '../../src/core/kernel/phases/obstacles.ts';
import { type Outage, withEnding } from '../../src/core/kernel/phases/outage.ts';
import { firstPhase, initialProgress, withChildEnded } from '../../src/core/kernel/phases/progress.ts';
import {
  limitOf,
  MAX_QUALITY_ROUNDS,
  MAX_TEST_RETURNS,
  PHASE_NAMES,
  PHASES,
  type Phase,
  WAYS,
  type Way,
} from '../../src/core/kernel/phases/table.ts';
import { BLOCK_RULES, type BlockRuleName } from '../../src/core/kernel/phases/verdict.ts';
import { NO_QUESTION } from '../../src/core/session/words/facts.ts';
import { codes, type Page, table } from './page.ts';
import { CORRECTED, OBSTACLE_WORDS, RULE_WORDS } from './phase-words.ts';

export const phasesPage: Page = { path: 'docs/phases.md', render };

/** Conditions of several edges, which are said once, with a number. */
const SHARED_CONDITIONS = repeated(
  PHASE_NAMES.flatMap((from) => PHASES[from].next.flatMap((to) => conditionsOf(from, to))),
);

/** What a human decides before the work, and how the work ends. */
const WAY_WORDS: Readonly<Record<Way, readonly [before: string, after: string]>> = {
  full: ['the questions of investigation, the plan of requirements or planning', 'testing, quality'],
  quick: ['nothing', 'done, or quality; requirements, if it is larger than it looked'],
  plan: ['the given plan, before any agent runs', 'testing, quality'],
};

function wayTable(): string {
  const rows = WAYS.map((way) => [
    `\`${way}\``,
    firstPhase(way),
    ...WAY_WORDS[way],
    `${limitOf('implementation', way)}`,
  ]);
  return table(
    ['way', 'first agent', 'a human decides', 'after implementation', 'limit of implementation'],
    rows,
  );
}

function render(): string {
  return `# Phases

<!-- Written by \`npm run docs\` from src/core/kernel/phases/. Change the code, then run it again. -->

A session goes through these phases. In each, one fresh agent after another does a piece of work and ends by writing
\`_signal.json\`; the worker checks that signal against the rules on this page and decides what happens next.

${diagram()}

## The table

${phaseTable()}

Staying in a phase is always allowed: a \`continue\` without \`phase\`, or with the current one. The limit is the number of
iterations of the phase after which a human must decide. Limits are reset only when a human resumes a blocked session or
gives a finished one a new goal.

## Three ways

${wayTable()}

A quick session that goes back to requirements is a full one from then on; no session becomes quick. Where \`MODEL_PLANNING\` or
\`PROVIDER_PLANNING\` is set, planning alone writes the plan.

## Signals

- \`continue\` runs the named phase next. It is the only signal that moves a session.
- \`waiting\` parks the session until a human has acted. \`for\` names what it waits for; if it is missing, the first entry in
  the table applies. It never changes the phase, even if it names one; after the answers to investigation come the requirements, after an
  approved plan the implementation.
- \`handoff\` runs a fresh agent in the same phase with the note of the previous one. It never moves the session, and does not count as a round of quality.
- \`blocked\` stops the session until a human resumes it.
- \`done\` ends the session: from quality, from quick work, and from the phase done, once every message from the human is acknowledged.

## What opens an edge

An edge that is not named here is always open.

${edgeTable()}

${SHARED_CONDITIONS.map((words, at) => `* (${at + 1}) ${words}`).join('\n')}

A gate that the person left out of \`GATES\` opens automatically, and so does one that \`auto_approve\` or \`accept_suggestions\`
opened at the start. A plan about which no agent had a question needs both of them: otherwise it waits, and whoever decides
is shown "${NO_QUESTION}". When an agent changed an approved plan, however that agent
ended, the session parks for \`plan_approval\` before anything else runs.

Failed tests, failing checks of the project, uncommitted work, or a claim that the branch and the plan do not support may send the work
back to implementation ${MAX_TEST_RETURNS} times, with the whole list; then the session blocks. A quality
agent that signals to stay uses a round; there are ${MAX_QUALITY_ROUNDS}. Neither count is reset by a return to implementation.

The prompt of an agent lists only the signals that these rules allow it at that time.

A phase of the plan may ask for two proposals with a line \`Proposals: two\`. The prompt of its agents asks them to compare both before
they edit, or to signal with a \`reason\` that begins with \`one proposal:\`. The worker accepts either and does not check which; the reason
is shown in the report and in \`session.log\`.

A plan may propose MCP servers for the agents of its session in a section \`## MCP servers\`, one list item each:

- \`- browser\`, \`- library-docs\`, \`- code-intelligence\` are built into samocode. An approval of the plan accepts them, on any
  channel that may approve it.
- \`- name: program arguments\` is a command of the plan's own, at most 300 characters of ASCII, without a shell or variables;
  quotes keep spaces in an argument. Only a person who decides about this plan accepts it: in a terminal, by phone or in a confirmed tab of the page. Any other
  approval is refused (\`servers_need_person\`), and \`auto_approve\` or a \`GATES\` without \`plan\` leaves the session waiting.

Lines that cannot be read go back to planning once, then block the session (\`plan_servers\`). Accepted servers reach every agent from
then on, together with those of \`MCP\`, which win if two have the same name. They are taken from the record of the approval,
not from later versions of the plan; another approved plan replaces them.

A plan may name old tests that the task itself changes, in a section \`## Old tests that change\`: \`- path: why\` per line. They are shown
first at the gate. If a person approves it, test files among them are left as they are when the tests of the base run on the work, and the
proof names them; an approval by a model takes none away. A line that cannot be read, or a file that the base does not have, goes back to
planning once, then blocks the session (\`plan_old_tests\`).

## Before quality and before done

When implementation or testing goes to quality, and when an agent signals \`done\`, the worker asks these questions in this order. The first
obstacle that it finds decides; the remaining questions are not asked.

${obstacleTable()}

## When an agent leaves no valid signal

${endingTable()}

“Run again” means in the same phase, with a note of what happened. *Corrective* means that the prompt of the next agent says exactly what was
wrong, once; after that, the session blocks. “In a row” means without an accepted signal in between. A valid signal counts however the process
ended, and an error only delays the next agent. The table is for \`SAMOCODE_MAX_RETRIES=3\` and
\`RETRY_HOURS=12\`; an outage ends with the first agent that the provider answers.

## Rules that block a session

${ruleTables()}
`;
}

function diagram(): string {
  const lines = PHASE_NAMES.flatMap((from) =>
    PHASES[from].next.map((to) => `    ${from} --> ${to}${edgeLabel(from, to)}`),
  );
  return [
    '```mermaid',
    'stateDiagram-v2',
    '    direction LR',
    `    [*] --> ${PHASE_NAMES[0]}`,
    ...lines,
    '    done --> [*]',
    '```',
  ].join('\n');
}

function conditionsOf(from: Phase, to: Phase): string[] {
  return EDGE_CONDITIONS.filter((edge) => edge.from === from && edge.to === to).map(
    ({ openWhen }) => openWhen,
  );
}

function edgeLabel(from: Phase, to: Phase): string {
  return conditionsOf(from, to).length > 0 ? ': under a condition' : '';
}

function repeated(words: readonly string[]): string[] {
  return words.filter((each, at) => words.indexOf(each) === at && words.includes(each, at + 1));
}

function phaseTable(): string {
  const rows = PHASE_NAMES.map((name) => {
    const { limit, signals, waits, next } = PHASES[name];
    return [`\`${name}\``, String(limit), codes(signals), codes(waits), codes(next)];
  });
  return table(['phase', 'limit', 'may signal', 'may wait for', 'may go to'], rows);
}

function edgeTable(): string {
  const rows = PHASE_NAMES.flatMap((from) =>
    PHASES[from].next.flatMap((to) => {
      const words = conditionsOf(from, to).map((condition) => {
        const at = SHARED_CONDITIONS.indexOf(condition);
        return at < 0 ? condition : `(${at + 1})`;
      });
      return words.length === 0 ? [] : [[`${from} → ${to}`, words.join('; ')]];
    }),
  );
  return table(['edge', 'open when all of this holds'], rows);
}

function obstacleTable(): string {
  const rows = OBSTACLES.map(({ name, onlyBeforeDone }) => [
    `\`${name}\``,
    onlyBeforeDone ? 'done' : 'quality, done',
    ...OBSTACLE_WORDS[name],
  ]);
  return table(['obstacle', 'asked before', 'applies when', 'what follows'], rows);
}

function endingTable(): string {
  const rows = ENDING_KINDS.filter((end) => end !== 'signalled').map((end) => [
    `\`${end}\``,
    COUNTED_ENDINGS.includes(end) ? 'yes' : 'no',
    sequence(end),
  ]);
  return table(['ending', 'counts against the limit', 'what follows, from one in a row to the next'], rows);
}

const PATIENCE = { quickMs: 5000, firstMs: 60_000, maxMs: 12 * 3_600_000 };
const LONG_WAITS = 'wait for 1, 2, 5, then always 10 minutes and run again';

/** What the code decides when agents keep ending like this, until it stops running them. */
function sequence(end: EndingKind): string {
  const steps: string[] = [];
  let progress = initialProgress('implementation');
  let outage: Outage | undefined;
  let decision: Decision;
  do {
    outage = withEnding(outage, { ending: end, durationMs: 0 });
    decision = decide(
      progress,
      {
        end,
        ...(outage && { outage }),
        signal: { kind: 'none' },
        changed: true,
        treeChanged: false,
        questions: { asked: 0, open: [] },
        plan: {
          exists: true,
          approved: true,
          changedSinceApproval: false,
          untestable: false,
          triedInReview: false,
        },
        hasChecks: true,
        unacknowledged: [],
      },
      {
        gates: { qa: true, plan: true },
        review: false,
        plansApart: false,
        maxRetries: 3,
        patience: PATIENCE,
      },
    );
    steps.push(inWords(decision, end));
    const { phase } = progress;
    progress = withChildEnded(progress, {
      phase,
      ending: end,
      signal: undefined,
      decision,
      treeChanged: false,
    });
  } while (decision.kind === 'run' || (decision.kind === 'limited' && outage));
  return grouped(steps).join(', then ');
}

function inWords(decision: Decision, end: EndingKind): string {
  if (decision.kind === 'limited')
    return outageOf(end) ? LONG_WAITS : 'wait for the end of the limit, run again';
  if (decision.kind === 'block') return `block (\`${decision.rule}\`)`;
  if (decision.kind !== 'run') return decision.kind;
  if (decision.retry === 'corrective') return 'corrective retry';
  return decision.delay === 'backoff' ? 'run again after a growing delay' : 'run again';
}

/** Merges equal neighbours into one with a count. */
function grouped(steps: readonly string[]): string[] {
  const groups: { step: string; times: number }[] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last?.step === step) last.times += 1;
    else groups.push({ step, times: 1 });
  }
  return groups.map(({ step, times }) => (times === 1 ? step : `${step} (${times} times)`));
}

function ruleTables(): string {
  // Has no other keys, which the type of keys does not express.
  const rules = Object.keys(BLOCK_RULES) as BlockRuleName[];
  const kinds = new Map<string, BlockRuleName[]>();
  for (const name of rules) {
    const when = CORRECTED.includes(name) ? 'After one corrective retry' : 'At once';
    const kind = `${when}; it needs \`${BLOCK_RULES[name]}\`:`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  }
  return [...kinds].flatMap(([kind, names]) => [kind, ruleTable(names)]).join('\n\n');
}

function ruleTable(rules: readonly BlockRuleName[]): string {
  return table(
    ['rule', 'blocks when'],
    rules.map((name) => [`\`${name}\``, RULE_WORDS[name]]),
  );
}
