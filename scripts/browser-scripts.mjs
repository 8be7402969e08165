import { build } from 'esbuild';

/**
 * Bundles a script for a browser, with the modules that it shares with the programs.
 * @returns its text, and the files that it was made from
 */
export async function browserScript(path, version) {
  const { outputFiles, metafile } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    target: 'es2024',
    minify: true,
    legalComments: 'none',
    external: ['node:*'],
    loader: { '.css': 'text' },
    define: { __VERSION__: JSON.stringify(version) },
    logLevel: 'warning',
  });
  const [left] = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  if (left) throw new Error(`${path} needs ${left.path}, which no browser has`);
  return { text: outputFiles[0].text, files: Object.keys(metafile.inputs) };
}
