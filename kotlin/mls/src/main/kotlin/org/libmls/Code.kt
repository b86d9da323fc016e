package org.libmls

/**
 * A number that C has a constant for. New ones come with new versions, which an `enum` could not bear: compare with
 * `==`, and keep an `else`.
 */
public abstract class Code internal constructor(
    /** The number that C has for it. */
    public val value: Int,
    /** The name that C has for it, without the prefix. */
    public val name: String,
) {
    final override fun toString(): String = name
}
