import { type CheckRun, RED_AFTER } from '../../kernel/phases/proving.ts';
import { capitalised, listed } from '../../kernel/text.ts';
import type { SessionProof } from './proof.ts';
import { changedChecks, code, list, onBase, provedPartly, withoutTesting } from './proof-markdown.ts';
import { quickLimits, unprovenGates } from './unproven-gates.ts';
import { unsignedWords } from './unsigned-words.ts';

/** The part of a proof that a reader needs: no hash, no output, no line about how it was made. */
export function shortProof(proof: SessionProof): string {
  const { commit, branch, doneAt } = proof;
  const limits = proofLimits(proof);
  const requirements = requirementLines(proof);
  return [
    `Commit ${code(commit.slice(0, 12))} on the branch ${code(branch)}, done at ${doneAt}.`,
    ...(requirements.length === 0 ? [] : ['## Requirements', list(requirements)]),
    '## Checks',
    checksSection(proof),
    ...(limits.length === 0 ? [] : ['## Limits', list(limits)]),
  ].join('\n\n');
}

/** The requirements of the approved plan, each with its proof. */
export function requirementLines(
  { requirements = [], checks }: SessionProof,
  shown: (text: string) => string = code,
): string[] {
  return requirements.map(({ id, text, check, reviewer }) => {
    const named = `**${id}** ${shown(text)}`;
    if (reviewer !== undefined) {
      const who = [reviewer.provider, reviewer.model].filter(Boolean).join(' ');
      return `reviewed: ${named}, by an agent (${code(who)})`;
    }
    const run = checks?.runs.find(({ command }) => command === check);
    return run === undefined
      ? `nothing on record: ${named}`
      : `${resultOf(run)}: ${named}, by ${code(check)}`;
  });
}

export function checksSection(proof: SessionProof): string {
  const { checks } = proof;
  if (checks === undefined) return 'None ran: the project has no CHECK.';
  const where = checks.in === 'clone' ? 'On a fresh clone of the commit' : 'In the folder of the agent';
  const lines = checks.runs.map((run) => {
    const seconds = (run.durationMs / 1000).toFixed(1);
    return `${resultOf(run)}: ${run.isSetup ? 'SETUP ' : ''}${code(run.command)}, ${seconds} s`;
  });
  const base = onBase(proof, { isDated: false });
  return [`${where}, sandbox: ${checks.sandbox}:`, list(lines), ...base].join('\n\n');
}

const MAX_NAMED = 10;

/** The gaps in the proof, and the points that a reviewer should check. */
export function proofLimits(proof: SessionProof): string[] {
  const { checks, agents, outsidePlan = [], requirements = [] } = proof;
  const reviewed = requirements.flatMap(({ id, reviewer }) => (reviewer ? [id] : []));
  const partly = provedPartly(proof);
  const isOpen = [checks?.sandbox, ...agents.map(({ sandbox }) => sandbox)].includes('none');
  return [
    ...withoutTesting(proof),
    ...(checks === undefined ? ['No command has checked this work.'] : []),
    ...(partly === undefined ? [] : [`${capitalised(partly)}.`]),
    ...(checks?.in === 'worktree'
      ? ['Uncommitted and ignored files took part in the checks (CHECK_IN=worktree).']
      : []),
    ...(reviewed.length > 0 ? [`Shown by the review of an agent alone: ${reviewed.join(', ')}.`] : []),
    ...quickLimits(proof),
    ...unprovenGates(proof),
    ...(isOpen ? ['The agents ran without a guard: the home folder was open to them.'] : []),
    ...(checks?.unsigned ? [unsignedWords(checks.unsigned, proof.baseCommit)] : []),
    ...changedChecks(proof),
    ...(outsidePlan.length > 0
      ? [`Changed, and not named in the plan: ${listed(outsidePlan.map(code), MAX_NAMED)}.`]
      : []),
  ];
}

function resultOf({ exitCode, how, redBefore }: CheckRun): string {
  if (exitCode === 0) return '✔ passed';
  if (redBefore) return `! ${RED_AFTER}`;
  return `✘ ${exitCode === null ? (how ?? 'no exit status') : `exit status ${exitCode}`}`;
}
