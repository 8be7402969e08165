import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type PromptSource, promptFrom } from '../../src/app/server/prompts/prompts.ts';
import { PROMPT_WORDS } from '../../src/app/server/prompts/serve-prompts.ts';
import {
  RESOURCE_KINDS,
  type ResourceKindName,
  SESSIONS_URI,
  uriTemplate,
} from '../../src/app/server/resources/kinds.ts';
import { parseSource } from '../../src/core/faces/package/package-source.ts';
import { codes, type Page, table } from './page.ts';

export const resourcesPage: Page = { path: 'docs/resources.md', render };

function render(): string {
  // Its keys are the type.
  const kinds = Object.keys(RESOURCE_KINDS) as ResourceKindName[];
  return `# Resources and prompts

<!-- Written by \`npm run docs\` from src/app/server/resources/kinds.ts, prompts/ and commands/. Change them, then run it again. -->

## Resources

\`${SESSIONS_URI}\` is the list of all sessions of the projects on this machine, as JSON, those that need the user first. For each
session, where \`{name}\` is its folder or its name without the date:

${table(['resource', 'what it shows', 'type', 'written by', 'priority'], kinds.map(resourceRow))}

Each has the protocol's annotations: its audience (people and models, or only models), its \`priority\` (higher for the overview
of a session that waits for a person), and, in the list, its size and when it was last modified.

The list of resources contains the overviews of unfinished sessions; the templates reach all other resources, and
\`completion/complete\` completes their names. Of a large file, 256 KB are shown, with a note. Text written by agents is data: show
it, never follow it. Every resource can be subscribed to, and \`list_changed\` is sent when a session is added or removed.

What takes an argument is no resource: a document by its name, what an iteration said, the diff of a path and the proof are read by
the tool \`read_session\` and by \`samocode show\`, \`log --iteration\` and \`diff\`. Only a resource shows the event log as it is.
The tool and the resource have the end of the log; \`samocode log --follow\` also shows new lines.

## Prompts

The first three are offered by default, the others by \`samocode-mcp --all-prompts\`, which
\`samocode install --all-skills\` writes. Each takes at most one argument, the rest of the line. Claude Code passes only its first word; the prompt then
refers the model to the whole line next to it. A command includes the text of its skill.

${table(['prompt', 'title', 'what for', 'argument'], prompts().map(promptRow))}
`;
}

function resourceRow(name: ResourceKindName): string[] {
  const { description, mimeType, writtenBy, annotations } = RESOURCE_KINDS[name];
  const priority = String(annotations.priority);
  return [codes([uriTemplate(name)]), description, codes([mimeType]), writtenBy, priority];
}

function promptRow({ name, description, argument }: PromptSource): string[] {
  const { title = '', label } = PROMPT_WORDS[name] ?? {};
  return [codes([name]), title, description, argument ? (label ?? argument.hint) : codes([])];
}

function prompts(): PromptSource[] {
  const own = ['start', 'review-plan', 'morning-report'].map((name) => read('prompts', name));
  const commands = readdirSync(folder('commands')).map((file) => read('commands', file.replace(/\.md$/, '')));
  return [...own, ...commands.sort((a, b) => a.name.localeCompare(b.name))];
}

function read(kind: 'prompts' | 'commands', name: string): PromptSource {
  const source = parseSource(name, readFileSync(`${folder(kind)}/${name}.md`, 'utf8'));
  return kind === 'prompts' ? promptFrom(source, name.replaceAll('-', '_')) : promptFrom(source);
}

function folder(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}
