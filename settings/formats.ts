/** What single values look like: one rule each, for every place where a value of its kind is set. */
export * from "./formats/host";
export * from "./formats/kubernetes";
export * from "./formats/names";
export * from "./formats/network";
export { type Rule, scalarText, text } from "./formats/rule";
