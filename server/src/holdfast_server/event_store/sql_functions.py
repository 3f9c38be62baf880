"""The functions that people's SQL may call, by their ClickHouse names; whatever is not here is refused by `sql_guard`.

Left out on purpose: all that reads files, dictionaries, other tables, settings, the machine or the connection, and all
that sleeps or throws. `range`, `repeat` and the like stay: the memory limit of the query bounds them.
"""

import difflib
from functools import cache


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AGGREGATES = words(
    """
    any anyHeavy anyLast anyValue argMax argMin avg avgWeighted boundingRatio corr count covarPop
    covarSamp deltaSum deltaSumTimestamp entropy exponentialMovingAverage first_value groupArray
    groupArrayLast groupArrayMovingAvg groupArrayMovingSum groupArraySample groupArraySorted groupBitAnd
    groupBitOr groupBitXor groupUniqArray histogram kolmogorovSmirnovTest kurtPop kurtSamp last_value
    mannWhitneyUTest max maxMap meanZTest median medianExact medianTDigest min minMap quantile
    quantileBFloat16 quantileDD quantileExact quantileExactWeighted quantiles quantilesBFloat16
    quantilesExact quantilesTDigest quantilesTiming quantileTDigest quantileTDigestWeighted quantileTiming
    rankCorr retention sequenceCount sequenceMatch simpleLinearRegression skewPop skewSamp stddevPop
    stddevSamp studentTTest sum sumKahan sumMap sumWithOverflow topK topKWeighted uniq uniqCombined
    uniqCombined64 uniqExact uniqHLL12 uniqTheta varPop varSamp welchTTest windowFunnel
    """
)

COMBINATORS = (
    "If",
    "Array",
    "Map",
    "Merge",
    "ForEach",
    "Distinct",
    "OrDefault",
    "OrNull",
    "ArgMax",
    "ArgMin",
)

WINDOWS = words(
    """
    cume_dist dense_rank exponentialTimeDecayedAvg exponentialTimeDecayedCount exponentialTimeDecayedMax
    exponentialTimeDecayedSum lag lagInFrame lead leadInFrame nonNegativeDerivative nth_value ntile
    percent_rank rank row_number
    """
)

TIMES = words(
    """
    addDays addHours addMinutes addMonths addQuarters addSeconds addWeeks addYears age date_add date_diff
    date_sub date_trunc dateAdd dateDiff dateName dateSub dateTrunc day formatDateTime fromUnixTimestamp
    fromUnixTimestamp64Milli hour makeDate makeDateTime minute month now now64 parseDateTime
    parseDateTime64BestEffort parseDateTimeBestEffort parseDateTimeBestEffortOrNull
    parseDateTimeBestEffortOrZero second subtractDays subtractHours subtractMinutes subtractMonths
    subtractQuarters subtractSeconds subtractWeeks subtractYears timeSlot timeSlots timezone timezoneOf
    toDate toDate32 toDateOrNull toDateOrZero toDateTime toDateTime64 toDateTime64OrNull toDateTimeOrNull
    toDateTimeOrZero today toDayOfMonth toDayOfWeek toDayOfYear toHour toIntervalDay toIntervalHour
    toIntervalMinute toIntervalMonth toIntervalSecond toIntervalWeek toIntervalYear toISOWeek toISOYear
    toLastDayOfMonth toMinute toMonday toMonth toQuarter toRelativeDayNum toRelativeHourNum
    toRelativeMinuteNum toRelativeMonthNum toRelativeSecondNum toRelativeWeekNum toSecond toStartOfDay
    toStartOfFifteenMinutes toStartOfFiveMinutes toStartOfHour toStartOfInterval toStartOfISOYear
    toStartOfMinute toStartOfMonth toStartOfQuarter toStartOfSecond toStartOfTenMinutes toStartOfWeek
    toStartOfYear toTime toTimeZone toUnixTimestamp toUnixTimestamp64Micro toUnixTimestamp64Milli toWeek
    toYear toYearWeek toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss tumble tumbleEnd tumbleStart year yesterday
    """
)

TEXTS = words(
    """
    appendTrailingCharIfAbsent base64Decode base64Encode char_length character_length concat concat_ws
    concatWithSeparator countMatches countSubstrings countSubstringsCaseInsensitive cutFragment
    cutQueryString cutQueryStringAndFragment cutToFirstSignificantSubdomain cutWWW
    damerauLevenshteinDistance decodeURLComponent decodeXMLComponent domain domainWithoutWWW editDistance
    empty encodeURLComponent endsWith extract extractAll extractAllGroups extractGroups
    extractTextFromHTML extractURLParameter extractURLParameterNames extractURLParameters
    firstSignificantSubdomain format fragment hasSubsequence hasToken hasTokenCaseInsensitive hex ilike
    initcap isValidUTF8 jaroWinklerSimilarity lcase left leftPad leftUTF8 length lengthUTF8 like locate
    lower lowerUTF8 lpad ltrim match multiMatchAny multiSearchAny multiSearchAnyCaseInsensitive
    multiSearchFirstIndex ngramDistance ngramSearch normalizedQueryHash normalizeQuery notEmpty notILike
    notLike path pathFull position positionCaseInsensitive positionCaseInsensitiveUTF8 positionUTF8
    protocol punycodeDecode queryString regexpExtract repeat replace replaceAll replaceOne
    replaceRegexpAll replaceRegexpOne reverse reverseUTF8 right rightPad rightUTF8 rpad rtrim soundex
    space splitByAlpha splitByChar splitByNonAlpha splitByRegexp splitByString splitByWhitespace
    startsWith substr substring substringIndex substringUTF8 tokens topLevelDomain toValidUTF8 translate
    trim trimBoth trimLeft trimRight ucase unhex upper upperUTF8 URLHash URLHierarchy URLPathHierarchy
    """
)

JSONS = words(
    """
    isValidJSON JSON_EXISTS JSON_QUERY JSON_VALUE JSONArrayLength JSONExtract JSONExtractArrayRaw
    JSONExtractBool JSONExtractFloat JSONExtractInt JSONExtractKeys JSONExtractKeysAndValues
    JSONExtractKeysAndValuesRaw JSONExtractRaw JSONExtractString JSONExtractUInt JSONHas JSONKey
    JSONLength JSONType simpleJSONExtractBool simpleJSONExtractFloat simpleJSONExtractInt
    simpleJSONExtractRaw simpleJSONExtractString simpleJSONExtractUInt simpleJSONHas toJSONString
    visitParamExtractBool visitParamExtractFloat visitParamExtractInt visitParamExtractRaw
    visitParamExtractString visitParamExtractUInt visitParamHas
    """
)

NUMBERS = words(
    """
    abs acos asin atan atan2 bar bitAnd bitCount bitNot bitOr bitShiftLeft bitShiftRight bitTest bitXor
    cbrt ceil ceiling cos cosh degrees divide e equals erf erfc exp exp10 exp2 factorial floor
    formatReadableDecimalSize formatReadableQuantity formatReadableSize formatReadableTimeDelta gcd
    greater greaterOrEquals greatest hypot intDiv intDivOrZero isFinite isInfinite isNaN lcm least less
    lessOrEquals lgamma ln log log10 log1p log2 minSampleSizeContinuous minSampleSizeConversion minus mod
    modulo modulo_or_zero moduloOrZero multiply negate notEquals pi plus positiveModulo pow power
    proportionsZTest radians rand rand32 rand64 randCanonical round roundAge roundBankers roundDown
    roundDuration roundToExp2 sigmoid sign sin sinh sqrt tan tanh tgamma trunc truncate width_bucket
    widthBucket
    """
)

LOGIC = words(
    """
    and assumeNotNull caseWithExpression coalesce identity if ifNull isDistinctFrom isNotNull isNull
    isZeroOrNull multiIf not nullIf or toNullable transform xor
    """
)

COLLECTIONS = words(
    """
    array arrayAll arrayAUC arrayAvg arrayCompact arrayConcat arrayCount arrayCumSum
    arrayCumSumNonNegative arrayDifference arrayDistinct arrayElement arrayElementOrNull arrayEnumerate
    arrayEnumerateDense arrayEnumerateUniq arrayExists arrayFill arrayFilter arrayFirst arrayFirstIndex
    arrayFlatten arrayFold arrayIntersect arrayJoin arrayLast arrayLastIndex arrayMap arrayMax arrayMin
    arrayPartialReverseSort arrayPartialSort arrayPopBack arrayPopFront arrayProduct arrayPushBack
    arrayPushFront arrayResize arrayReverse arrayReverseFill arrayReverseSort arrayReverseSplit
    arrayRotateLeft arrayRotateRight arrayShiftLeft arrayShiftRight arraySlice arraySort arraySplit
    arrayStringConcat arraySum arrayUniq arrayWithConstant arrayZip countEqual emptyArrayString
    emptyArrayUInt64 flatten has hasAll hasAny hasSubstr indexOf kostikConsistentHash map mapAdd mapApply
    mapConcat mapContains mapContainsKey mapContainsValue mapExists mapFilter mapFromArrays mapKeys
    mapPopulateSeries mapSort mapSubtract mapUpdate mapValues range seriesDecomposeSTL
    seriesOutliersDetectTukey seriesPeriodDetectFFT tuple tupleConcat tupleElement untuple
    """
)

KINDS = words(
    """
    Int8 Int16 Int32 Int64 Int128 Int256 UInt8 UInt16 UInt32 UInt64 UInt128 UInt256 Float32 Float64
    Decimal32 Decimal64 Decimal128 UUID IPv4 IPv6
    """
)

CONVERSIONS = frozenset(
    f"to{kind}{ending}" for kind in KINDS for ending in ("", "OrNull", "OrZero", "OrDefault")
) | words(
    """
    accurateCast accurateCastOrNull bin cityHash64 crc32 farmHash64 finalizeAggregation fnv1a
    generateUUIDv4 halfMD5 IPv4NumToString IPv4StringToNum IPv6NumToString isIPv4String isIPv6String
    materialize MD5 murmurHash3_32 murmurHash3_64 reinterpretAsUInt64 sipHash128 sipHash64 toBool
    toFixedString toLowCardinality toString toStringCutToZero toTypeName UUIDNumToString UUIDStringToNum
    version xxHash32 xxHash64
    """
)

SCALARS = TIMES | TEXTS | JSONS | NUMBERS | LOGIC | COLLECTIONS | CONVERSIONS

TYPES = words(
    """
    Array Bool Boolean Date Date32 DateTime DateTime64 Decimal Decimal128 Decimal32 Decimal64 FixedString
    Float32 Float64 Int128 Int16 Int256 Int32 Int64 Int8 IPv4 IPv6 LowCardinality Map Nullable String
    Tuple UInt128 UInt16 UInt256 UInt32 UInt64 UInt8 UUID
    """
)
"""What a value may be cast to."""


@cache
def types_by_lower_case() -> dict[str, str]:
    return {name.lower(): name for name in TYPES}


@cache
def by_lower_case() -> dict[str, str]:
    return {name.lower(): name for name in sorted(SCALARS | WINDOWS | AGGREGATES)}


def canonical(name: str) -> str | None:
    """The function's ClickHouse name when it is allowed, else None. SQL's own words (`COUNT`) come in any case."""
    if name in SCALARS or name in WINDOWS or is_aggregate(name):
        return name
    return by_lower_case().get(name.lower())


def is_aggregate(name: str) -> bool:
    """An allowed aggregate, with any chain of allowed combinators behind it: `uniqIf`, `quantilesTDigestMergeOrNull`."""
    if name in AGGREGATES:
        return True
    return any(name.endswith(ending) and is_aggregate(name[: -len(ending)]) for ending in COMBINATORS)


def nearest(name: str) -> str:
    """An allowed function that looks like this one, or an empty string."""
    found = difflib.get_close_matches(name.lower(), by_lower_case(), n=1, cutoff=0.8)
    return by_lower_case()[found[0]] if found else ""
