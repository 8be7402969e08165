import agentDone from '../../../../agents/done.md';
import agentImplementation from '../../../../agents/implementation.md';
import agentInit from '../../../../agents/init.md';
import agentInvestigation from '../../../../agents/investigation.md';
import agentPlanning from '../../../../agents/planning.md';
import agentQuality from '../../../../agents/quality.md';
import agentRequirements from '../../../../agents/requirements.md';
import agentTesting from '../../../../agents/testing.md';
import commandCleanup from '../../../../commands/cleanup.md';
import commandCreatePlan from '../../../../commands/create-plan.md';
import commandDive from '../../../../commands/dive.md';
import commandDo from '../../../../commands/do.md';
import commandDo2 from '../../../../commands/do2.md';
import commandDop from '../../../../commands/dop.md';
import commandDop2 from '../../../../commands/dop2.md';
import commandMultiReview from '../../../../commands/multi-review.md';
import commandSamocodeImplement from '../../../../commands/samocode-implement.md';
import commandSessionArchive from '../../../../commands/session-archive.md';
import commandSessionContinue from '../../../../commands/session-continue.md';
import commandSessionStart from '../../../../commands/session-start.md';
import commandSessionSync from '../../../../commands/session-sync.md';
import commandTask from '../../../../commands/task.md';
import skillCodex from '../../../../skills/codex/SKILL.md';
import skillGemini from '../../../../skills/gemini/SKILL.md';
import skillImplementation from '../../../../skills/implementation/SKILL.md';
import skillInvestigation from '../../../../skills/investigation/SKILL.md';
import skillPlanning from '../../../../skills/planning/SKILL.md';
import skillQuality from '../../../../skills/quality/SKILL.md';
import skillSamocodeRun from '../../../../skills/samocode-run/SKILL.md';
import skillSessionManagement from '../../../../skills/session-management/SKILL.md';
import skillSummary from '../../../../skills/summary/SKILL.md';
import skillTaskDefinition from '../../../../skills/task-definition/SKILL.md';
import skillTesting from '../../../../skills/testing/SKILL.md';
import inAChat from '../../../../workflow/in-a-chat.md';
import { type MarkdownSource, type PackageSource, parseSource, type ServerStart } from './package-source.ts';

const AGENTS = {
  done: agentDone,
  implementation: agentImplementation,
  init: agentInit,
  investigation: agentInvestigation,
  planning: agentPlanning,
  quality: agentQuality,
  requirements: agentRequirements,
  testing: agentTesting,
};

const COMMANDS = {
  cleanup: commandCleanup,
  'create-plan': commandCreatePlan,
  dive: commandDive,
  do: commandDo,
  do2: commandDo2,
  dop: commandDop,
  dop2: commandDop2,
  'multi-review': commandMultiReview,
  'samocode-implement': commandSamocodeImplement,
  'session-archive': commandSessionArchive,
  'session-continue': commandSessionContinue,
  'session-start': commandSessionStart,
  'session-sync': commandSessionSync,
  task: commandTask,
};

const SKILLS = {
  codex: skillCodex,
  gemini: skillGemini,
  implementation: skillImplementation,
  investigation: skillInvestigation,
  planning: skillPlanning,
  quality: skillQuality,
  'samocode-run': skillSamocodeRun,
  'session-management': skillSessionManagement,
  summary: skillSummary,
  'task-definition': skillTaskDefinition,
  testing: skillTesting,
};

const DESCRIPTION =
  'Hand a coding task to an AI and walk away: an MCP server and CLI that run unattended, gated, resumable coding sessions with Claude Code, Codex or Gemini.';

/** What packages are made from, as it was compiled in: an installed copy needs no file beside the program. */
export function compiledSource(start: ServerStart): PackageSource {
  return {
    version: __VERSION__,
    description: DESCRIPTION,
    keywords: [],
    start,
    agents: sources(AGENTS),
    commands: sources(COMMANDS),
    skills: sources(SKILLS),
    inAChat,
  };
}

function sources(texts: Readonly<Record<string, string>>): MarkdownSource[] {
  return Object.entries(texts).map(([name, text]) => parseSource(name, text));
}
