import { type Files, jsonText, skillFiles } from './package-parts.ts';
import type { MarkdownSource, PackageSource } from './package-source.ts';

/** The Gemini CLI extension. */
export function geminiPackage(source: PackageSource): Files {
  const { version, description, commands } = source;
  const extension = {
    name: 'samocode',
    version,
    description,
    mcpServers: { samocode: { ...source.start, timeout: 600_000 } },
  };
  return {
    'gemini-extension.json': jsonText(extension),
    ...skillFiles(source),
    ...Object.fromEntries(commands.map((command) => [`commands/${command.name}.toml`, toml(command)])),
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
