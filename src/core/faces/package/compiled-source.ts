import COMMANDS from 'virtual:commands';
import SKILLS from 'virtual:skills';
import morningReport from '../../../../prompts/morning-report.md';
import reviewPlan from '../../../../prompts/review-plan.md';
import start from '../../../../prompts/start.md';
import {
  lightSource,
  type MarkdownSource,
  type PackageSource,
  parseSource,
  type ServerStart,
} from './package-source.ts';

const DESCRIPTION =
  'Hand a coding task to an AI and walk away: an MCP server and CLI that run unattended, gated, resumable coding sessions with Claude Code, Codex and other agent CLIs.';

/**
 * The source of the packages, compiled in, so that an installed copy needs no further files.
 * @param choice `allSkills`: also the skills and commands that sessions do not need
 */
export function compiledSource(
  serverStart: ServerStart,
  choice: { allSkills?: boolean } = {},
): PackageSource {
  const source = {
    version: __VERSION__,
    description: DESCRIPTION,
    author: { name: 'the samocode-mcp authors' },
    keywords: [],
    start: serverStart,
    commands: [
      parseSource('start', start),
      parseSource('review-plan', reviewPlan),
      parseSource('morning-report', morningReport),
      ...sources(COMMANDS),
    ],
    skills: sources(SKILLS),
  };
  return choice.allSkills ? source : lightSource(source);
}

function sources(texts: Readonly<Record<string, string>>): MarkdownSource[] {
  return Object.entries(texts).map(([name, text]) => parseSource(name, text));
}
