import { jsonText } from './json-text.ts';
import { type Files, readme, serverStart, skillFiles } from './shared.ts';
import type { MarkdownSource, PackageSource } from './source.ts';

const FOLDER = 'packages/gemini';

/** The Gemini CLI extension. */
export function geminiFiles(source: PackageSource): Files {
  const { version, description, commands } = source;
  const extension = {
    name: 'samocode',
    version,
    description,
    mcpServers: { samocode: { ...serverStart(source), timeout: 600_000 } },
  };
  return {
    [`${FOLDER}/gemini-extension.json`]: jsonText(extension),
    [`${FOLDER}/README.md`]: readme(source, 'Gemini CLI', [
      `gemini extensions install <path of this folder>`,
    ]),
    ...skillFiles(source, FOLDER),
    ...Object.fromEntries(
      commands.map((command) => [`${FOLDER}/commands/${command.name}.toml`, toml(command)]),
    ),
  };
}

function toml({ meta, body }: MarkdownSource): string {
  const prompt = body.trim().replaceAll('$ARGUMENTS', '{{args}}');
  return `description = ${JSON.stringify(meta.get('description') ?? '')}\nprompt = ${multiline(prompt)}\n`;
}

// Strings of one line are JSON's in TOML too; a longer text stays readable in the literal form.
function multiline(text: string): string {
  if (text.includes("'''")) return JSON.stringify(text);
  return `'''\n${text}\n'''`;
}
