// Submits, waits and cancels with what openapi-generator has made for Java.
import java.math.BigDecimal;
import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.JobsApi;
import org.openapitools.client.model.DirectSubmissionDemoSleep;
import org.openapitools.client.model.DirectSubmissionDemoWordCount;
import org.openapitools.client.model.JobStatus;
import org.openapitools.client.model.JobStatus.StateEnum;
import org.openapitools.client.model.ParametersDemoSleep;
import org.openapitools.client.model.ParametersDemoWordCount;
import org.openapitools.client.model.SubmissionDemoSleep;
import org.openapitools.client.model.SubmissionDemoWordCount;

public class WithOpenapiGenerator {
    public static void main(String[] arguments) throws Exception {
        var client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + arguments[1]));
        var jobs = new JobsApi(client);
        var org = arguments[2];
        var counting = new DirectSubmissionDemoWordCount().message("to be or not to be");
        counting.parameters(new ParametersDemoWordCount().top(1));
        var counted = jobs.submitDemoWordCount(org, new SubmissionDemoWordCount(counting), null, null, null);
        JobStatus status;
        do {
            status = jobs.waitById(counted.getId(), null, null);
        } while (status.getState() == StateEnum.PENDING || status.getState() == StateEnum.RUNNING);
        var sleeping = new DirectSubmissionDemoSleep().parameters(new ParametersDemoSleep().seconds(BigDecimal.valueOf(600)));
        var slept = jobs.submitDemoSleep(org, new SubmissionDemoSleep(sleeping), null, null, null);
        var cancelled = jobs.cancelById(slept.getId());
        var seen = List.of(status.getState(), status.getResult().getOutput(), cancelled.getState());
        System.out.println(client.getObjectMapper().writeValueAsString(seen));
    }
}
