package jakarta.annotation;

/** The generated code is marked with it. The real one is in jakarta.annotation-api, which is on Maven Central only. */
public @interface Nullable {}
