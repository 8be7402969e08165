/** True in the test build alone: crash and fault points are compiled in. */
declare const __FAULTS__: boolean;
/** The package's version, put in by the build. */
declare const __VERSION__: string;

declare module '*.md' {
  const text: string;
  export default text;
}
