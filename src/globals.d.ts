/** True in the test build alone: crash and fault points are compiled in. */
declare const __FAULTS__: boolean;
/** True in tests and in the test build: results are held to their schemas. */
declare const __STRICT__: boolean;
/** The package's version, put in by the build. */
declare const __VERSION__: string;

declare module '*.md' {
  const text: string;
  export default text;
}

/** The Markdown files of a folder of the repository, by name. */
declare module 'virtual:*' {
  const texts: Readonly<Record<string, string>>;
  export default texts;
}

declare module '*.css' {
  const text: string;
  export default text;
}

/** A script of the page, as text. */
declare module '*.client.js' {
  const text: string;
  export default text;
}
