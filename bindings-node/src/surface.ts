/** What the generated resources name of the hand-written part. */
export type { CallOptions, Core, SendOptions } from "./core";
export type { Download } from "./download";
export type { EventStream, FollowOptions } from "./event-stream";
export type { WithFile } from "./files";
export type { Pages } from "./pages";
