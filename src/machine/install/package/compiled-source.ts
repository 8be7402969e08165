import AGENTS from 'virtual:agents';
import COMMANDS from 'virtual:commands';
import SKILLS from 'virtual:skills';
import inAChat from '../../../../workflow/in-a-chat.md';
import { type MarkdownSource, type PackageSource, parseSource, type ServerStart } from './package-source.ts';

const DESCRIPTION =
  'Hand a coding task to an AI and walk away: an MCP server and CLI that run unattended, gated, resumable coding sessions with Claude Code, Codex or Gemini.';

/** The source of the packages, compiled in: an installed copy needs no further files. */
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
