// SPDX-License-Identifier: MIT
// Prints what HdrHistogram's own reader finds in an interval log, for the script hdr to compare.

import java.io.File;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.HdrHistogram.HistogramLogReader;

public class HdrDump {
    public static void main(String[] args) throws Exception {
        Locale.setDefault(Locale.ROOT);
        HistogramLogReader reader = new HistogramLogReader(new File(args[0]));
        while (reader.hasNext()) {
            Histogram histogram = (Histogram) reader.nextIntervalHistogram();
            if (histogram != null)
                dump(histogram, reader.getStartTimeSec());
        }
    }

    private static void dump(Histogram histogram, double startTime) {
        System.out.printf("series %s%n", histogram.getTag());
        System.out.printf("start_time %.3f%n", startTime);
        System.out.printf("start_ms %d%n", histogram.getStartTimeStamp());
        System.out.printf("end_ms %d%n", histogram.getEndTimeStamp());
        System.out.printf("max %d%n", histogram.getMaxValue());
        for (double rank : new double[] { 50, 75, 90, 95, 99, 99.9, 99.99 })
            System.out.printf("p%s %d%n", rank == (long) rank ? "" + (long) rank : "" + rank,
                              histogram.getValueAtPercentile(rank));
        for (HistogramIterationValue value : histogram.recordedValues())
            System.out.printf("value %d %d%n", histogram.lowestEquivalentValue(value.getValueIteratedTo()),
                              value.getCountAtValueIteratedTo());
        for (HistogramIterationValue value : histogram.percentiles(5))
            System.out.printf("row %d %.12f %d%n", value.getValueIteratedTo(),
                              value.getPercentileLevelIteratedTo() / 100, value.getTotalCountToThisValue());
    }
}
