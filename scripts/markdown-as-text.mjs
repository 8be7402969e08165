// Loads Markdown, style sheets and scripts for browsers as text, as the bundler does, for programs that run from source: `tsx --import ./scripts/markdown-as-text.mjs …`.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { browserScript } from './browser-scripts.mjs';
import { MARKDOWN_FOLDER, markdownFolderModule } from './markdown-folders.mjs';

// Node calls these hooks in a separate thread.
if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  return MARKDOWN_FOLDER.test(specifier)
    ? { url: specifier, shortCircuit: true }
    : await next(specifier, context);
}

export async function load(url, context, next) {
  if (MARKDOWN_FOLDER.test(url))
    return { format: 'module', shortCircuit: true, source: await markdownFolderModule(url) };
  if (!/\.(?:md|css|app\.js)$/.test(url)) return await next(url, context);
  const text = url.endsWith('.app.js')
    ? (await browserScript(fileURLToPath(url), '0.0.0')).text
    : await readFile(new URL(url), 'utf8');
  return { format: 'module', shortCircuit: true, source: `export default ${JSON.stringify(text)};` };
}
