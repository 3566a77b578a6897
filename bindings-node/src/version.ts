/** The version of this package; a test compares it with `package.json`. */
export const VERSION = "0.1.0";

/** How the client calls itself. */
export const userAgent = `openwa-node/${VERSION} (${process.platform}; ${process.arch}; node ${process.versions.node})`;
